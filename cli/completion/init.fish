# openssl attest: put  openssl-attest -shell_init fish | source  into ~/.config/fish/config.fish

function openssl
    if test "$argv[1]" = attest
        command openssl-attest $argv[2..-1]
    else
        command openssl $argv
    end
end

function __openssl_attest_active
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = attest
end

function __openssl_attest_complete
    set -l words (commandline -opc)
    set -l rest (string escape -- $words[3..-1] (commandline -ct))
    complete -C "openssl-attest $rest"
end

complete -c openssl -n 'test (count (commandline -opc)) -eq 1' -f -a attest -d 'Verify the key attestation of Azure Managed HSM'
complete -c openssl -n __openssl_attest_active -f -a '(__openssl_attest_complete)'

