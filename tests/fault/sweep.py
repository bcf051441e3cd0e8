"""Runs a program again and again, each time with another of its allocations failing."""

import signal


def sweep(case, run, check, *, least, runs):
    """`run(**environment)` runs it with failing_malloc preloaded, `check(result)` judges what came of it. `runs`
    allocations are made to fail, spread over all of a run, which has at least `least`; each alone, and with all after it."""
    report = case.folder / "report"
    run(FAIL_ALLOCATION="0", FAIL_REPORT=str(report))
    total = int(report.read_text().split()[0])
    case.assertGreater(total, least)
    crashes = 0
    for mode in ("FAIL_ALLOCATION", "FAIL_ALLOCATIONS_FROM"):
        for number in range(1, total + 1, max(1, total // runs)):
            with case.subTest(mode=mode, number=number):
                result = run(**{mode: str(number)})
                # Accepted, if nothing was said: OpenSSL 3.0 follows null pointers when its own set-up lacked memory
                # (EVP_MD_fetch with the lock that it could not make).
                if result.returncode == -signal.SIGSEGV:
                    case.assertEqual(len(result.stdout), 0)
                    crashes += 1
                    continue
                check(result)
    case.assertLess(crashes, runs // 2)
