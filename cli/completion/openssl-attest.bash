# bash completion for openssl-attest

_openssl_attest() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
    local options="-help -version -quiet -verbose -nocolor -shell_init
        -in -inform -batch -files -csr -cert -pubkey
        -uri -pool -all_versions -jobs -resume -save -auth -token_file -api_version -allow_host -connect_to -CAfile -CApath -timeout -retries
        -out -outform -totals -noout -text -brief -pubout -certs_out
        -attime -no_check_time -policy -require
        -owner_trust -owner_root -owner_pin -known_pools -trust_pool -hsm_root -no_default_hsm_roots
        -list_hsm_roots -list_policies -list_demands"
    local policies="authentic non-exportable cabf-code-signing"

    COMPREPLY=()
    case "$previous" in
        -inform) COMPREPLY=($(compgen -W "AUTO JSON JSONL TAR" -- "$current")) ;;
        -outform) COMPREPLY=($(compgen -W "text json ear csv" -- "$current")) ;;
        -auth)
            COMPREPLY=($(compgen -W "auto token client-secret client-certificate workload-identity managed-identity
                azure-cli" -- "$current"))
            ;;
        -owner_trust) COMPREPLY=($(compgen -W "any authenticated pinned" -- "$current")) ;;
        -shell_init) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")) ;;
        -policy)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -W "$policies" -- "$current"; compgen -f -- "$current")
            ;;
        -require) _openssl_attest_demands "$current" ;;
        -CApath)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            ;;
        -in | -csr | -cert | -pubkey | -resume | -save | -totals | -token_file | -CAfile | -out | -pubout | -certs_out | -owner_root | -known_pools | -hsm_root)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            ;;
        -attime | -owner_pin | -uri | -pool | -jobs | -api_version | -allow_host | -connect_to | -timeout | -retries) ;;
        *) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    esac
}

# The last of the comma-separated demands; those that take a value end in "=".
_openssl_attest_demands() {
    local before="" demand demands
    [[ $1 == *,* ]] && before="${1%,*},"
    demands=$(command openssl-attest -list_demands 2>/dev/null | while read -r demand _; do
        case "$demand" in
            *=*) echo "$before${demand%%=*}=" ;;
            *) echo "$before$demand" ;;
        esac
    done)
    compopt -o nospace 2>/dev/null
    COMPREPLY=($(compgen -W "$demands" -- "$1"))
}

complete -F _openssl_attest openssl-attest
