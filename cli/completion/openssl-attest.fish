# fish completion for openssl-attest

function __openssl_attest_demands
    set -l before (string match -r '^.*,' -- (commandline -ct))
    for line in (command openssl-attest -list_demands 2>/dev/null)
        set -l parts (string split -m 1 -n ' ' -- $line)
        echo $before(string replace -r '=.*' '=' -- $parts[1])\t(string trim -- $parts[2])
    end
end

complete -c openssl-attest -f
complete -c openssl-attest -o help -d 'Display this summary'
complete -c openssl-attest -o version -d 'Display the version'
complete -c openssl-attest -o quiet -d 'Print no report on stdout'
complete -c openssl-attest -o verbose -d 'Say on stderr what is read and trusted'
complete -c openssl-attest -o nocolor -d 'Never use colour'
complete -c openssl-attest -o shell_init -x -a 'bash zsh fish' -d 'Print shell code for openssl attest'
complete -c openssl-attest -o in -r -F -d Evidence
complete -c openssl-attest -o inform -x -a 'AUTO JSON JSONL TAR' -d 'Format of the evidence'
complete -c openssl-attest -o batch -d 'Verify every entry of a stream or folder'
complete -c openssl-attest -o files -d 'The stream is a list of file names'
complete -c openssl-attest -o csr -r -F -d 'Certificate request that must hold the attested key'
complete -c openssl-attest -o cert -r -F -d 'Certificate that must hold the attested key'
complete -c openssl-attest -o pubkey -r -F -d 'Public key that must be the attested key'
complete -c openssl-attest -o uri -x -d 'Fetch the evidence of this key'
complete -c openssl-attest -o pool -x -d 'Fetch and verify every key of this pool'
complete -c openssl-attest -o all_versions -d 'Every version of every key of the pool'
complete -c openssl-attest -o jobs -x -d 'Requests in flight, or threads, at a time'
complete -c openssl-attest -o resume -r -F -d 'Go on after the keys recorded here'
complete -c openssl-attest -o save -r -F -d 'Write the evidence as it was received'
complete -c openssl-attest -o auth -x -a 'auto token client-secret client-certificate workload-identity managed-identity azure-cli' -d 'How to authenticate'
complete -c openssl-attest -o token_file -r -F -d 'Bearer token'
complete -c openssl-attest -o api_version -x -d 'Version of the REST API'
complete -c openssl-attest -o allow_host -x -d 'Further host that may receive a token'
complete -c openssl-attest -o connect_to -x -d 'Connect elsewhere: HOST1:PORT1:HOST2:PORT2'
complete -c openssl-attest -o CAfile -r -F -d 'Certificates to verify TLS servers with'
complete -c openssl-attest -o CApath -x -a '(__fish_complete_directories)' -d 'Folder of such certificates'
complete -c openssl-attest -o timeout -x -d 'Seconds to wait for one answer'
complete -c openssl-attest -o retries -x -d 'How often to retry a request'
complete -c openssl-attest -o out -r -F -d 'Where to write the report'
complete -c openssl-attest -o outform -x -a 'text json ear csv' -d 'Format of the report'
complete -c openssl-attest -o totals -r -F -d 'Write the totals as JSON'
complete -c openssl-attest -o noout -d 'No report'
complete -c openssl-attest -o text -d 'Report with all attributes and certificates'
complete -c openssl-attest -o brief -d 'Report in one line'
complete -c openssl-attest -o pubout -r -F -d 'Write the public key if verified'
complete -c openssl-attest -o certs_out -r -F -d 'Write the certificates for inspection'
complete -c openssl-attest -o attime -x -d 'Verification epoch time'
complete -c openssl-attest -o no_check_time -d 'Ignore the dates of certificates'
complete -c openssl-attest -o policy -r -F -a 'authentic non-exportable cabf-code-signing' -d 'Policy the key must meet'
complete -c openssl-attest -o require -x -a '(__openssl_attest_demands)' -d 'Further demands on the key'
complete -c openssl-attest -o owner_trust -x -a 'any authenticated pinned' -d 'How the pool root must be trusted'
complete -c openssl-attest -o owner_root -r -F -d 'Trusted pool root certificate'
complete -c openssl-attest -o owner_pin -x -d 'SHA-256 of a trusted pool root'
complete -c openssl-attest -o known_pools -r -F -d 'File of pools and their roots'
complete -c openssl-attest -o trust_pool -d 'Record the root of the pool once verified'
complete -c openssl-attest -o hsm_root -r -F -d 'Additional trusted HSM roots'
complete -c openssl-attest -o no_default_hsm_roots -d 'Do not trust the embedded Marvell roots'
complete -c openssl-attest -o list_hsm_roots -d 'Print the embedded Marvell roots'
complete -c openssl-attest -o list_policies -d 'Print the named policies'
complete -c openssl-attest -o list_demands -d 'Print the demands of -require'
