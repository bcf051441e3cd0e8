# openssl attest: put  eval "$(openssl-attest -shell_init bash)"  into ~/.bashrc

openssl() {
    if [[ ${1-} == attest ]]; then
        shift
        command openssl-attest "$@"
    else
        command openssl "$@"
    fi
}

# Completion of openssl: of attest here, of everything else as it was before.
_openssl_attest_find_stock() {
    [[ -n ${_openssl_attest_stock-} ]] && return
    local spec
    spec=$(complete -p openssl 2>/dev/null)
    if [[ $spec != *" -F "* || $spec == *_openssl_or_attest* ]]; then
        complete -r openssl 2>/dev/null
        if declare -F _comp_load >/dev/null; then
            _comp_load openssl
        elif declare -F _completion_loader >/dev/null; then
            _completion_loader openssl
        fi
        spec=$(complete -p openssl 2>/dev/null)
        complete -o default -F _openssl_or_attest openssl
    fi
    _openssl_attest_stock=none
    [[ $spec =~ " -F "([^ ]+) ]] && _openssl_attest_stock=${BASH_REMATCH[1]}
}

_openssl_or_attest() {
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == attest ]]; then
        COMP_WORDS=(openssl-attest "${COMP_WORDS[@]:2}")
        ((COMP_CWORD -= 1))
        _openssl_attest openssl-attest
        return
    fi
    _openssl_attest_find_stock
    COMPREPLY=()
    [[ $_openssl_attest_stock == none ]] || "$_openssl_attest_stock" "$@"
    if ((COMP_CWORD == 1)) && [[ attest == "${COMP_WORDS[1]}"* ]]; then
        COMPREPLY+=(attest)
    fi
}

_openssl_attest_stock=
[[ $(complete -p openssl 2>/dev/null) == *" -F "* ]] && _openssl_attest_find_stock
complete -o default -F _openssl_or_attest openssl

