/* A malloc that fails when told to. Linked into a program or preloaded into one, it serves everything in it. */
#ifndef FAILING_MALLOC_H
#define FAILING_MALLOC_H

#ifdef __cplusplus
extern "C" {
#endif

/* From now on the allocation number `first` (from 1) of this process fails, and if `lasting` all after it. 0: none. */
void fault_arm(unsigned long first, int lasting);
/* Allocations since fault_arm. */
unsigned long fault_count(void);
/* Whether one of them was made to fail. */
int fault_happened(void);

#ifdef __cplusplus
}
#endif

#endif
