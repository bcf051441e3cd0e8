# openssl attest: put  eval "$(openssl-attest -shell_init zsh)"  into ~/.zshrc, after compinit

openssl() {
    if [[ ${1-} == attest ]]; then
        shift
        command openssl-attest "$@"
    else
        command openssl "$@"
    fi
}

# Completion of openssl: of attest here, of everything else as it was before.
_openssl_or_attest() {
    if (( CURRENT > 2 )) && [[ $words[2] == attest ]]; then
        words=(openssl-attest "${(@)words[3,-1]}")
        (( CURRENT -= 1 ))
        _openssl_attest
        return
    fi
    (( CURRENT == 2 )) && compadd -- attest
    $_openssl_attest_stock "$@"
}

if (( $+functions[compdef] )); then
    typeset -g _openssl_attest_stock=${_comps[openssl]:-_files}
    [[ $_openssl_attest_stock == _openssl_or_attest ]] && _openssl_attest_stock=_openssl
    compdef _openssl_or_attest openssl
fi

