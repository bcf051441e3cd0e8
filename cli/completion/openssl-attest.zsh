#compdef openssl-attest
# zsh completion for openssl-attest

_openssl_attest_demands() {
    local -a demands
    demands=(${(f)"$(command openssl-attest -list_demands 2>/dev/null)"})
    demands=(${${demands%% *}/=*/=})
    compset -P '*,'
    compadd -S '' -- $demands
}

_openssl_attest() {
    _arguments \
        '(- *)-help[display a summary of the options]' \
        '(- *)-version[display the version]' \
        '-quiet[print no report on stdout]' \
        '-verbose[say on stderr what is read and trusted]' \
        '-nocolor[never use colour]' \
        '-shell_init[print shell code for openssl attest]:shell:(bash zsh fish)' \
        '-in[evidence]:evidence:_files' \
        '-inform[format of the evidence]:format:(AUTO JSON JSONL TAR)' \
        '-batch[verify every entry of a stream or folder]' \
        '-files[the stream is a list of file names]' \
        '-csr[certificate request that must hold the attested key]:request:_files' \
        '-cert[certificate that must hold the attested key]:certificate:_files' \
        '-pubkey[public key that must be the attested key]:public key:_files' \
        '-uri[fetch the evidence of this key]:https\://POOL/keys/NAME:' \
        '-pool[fetch and verify every key of this pool]:name:' \
        '-all_versions[every version of every key of the pool]' \
        '-jobs[requests in flight, or threads, at a time]:number:' \
        '-resume[go on after the keys recorded here]:file:_files' \
        '-save[write the evidence as it was received]:evidence:_files' \
        '-auth[how to authenticate]:mode:(auto token client-secret client-certificate workload-identity managed-identity azure-cli)' \
        '-token_file[bearer token]:file:_files' \
        '-api_version[version of the REST API]:version:' \
        '*-allow_host[further host that may receive a token]:host:_hosts' \
        '*-connect_to[connect elsewhere]:HOST1\:PORT1\:HOST2\:PORT2:' \
        '-CAfile[certificates to verify TLS servers with]:certificates:_files' \
        '-CApath[folder of such certificates]:folder:_files -/' \
        '-timeout[seconds to wait for one answer]:seconds:' \
        '-retries[how often to retry a request]:number:' \
        '-out[where to write the report]:report:_files' \
        '-outform[format of the report]:format:(text json ear csv)' \
        '-totals[write the totals as JSON]:file:_files' \
        '-noout[no report]' \
        '-text[report with all attributes and certificates]' \
        '-brief[report in one line]' \
        '-pubout[write the public key if verified]:public key:_files' \
        '-certs_out[write the certificates for inspection]:certificates:_files' \
        '-attime[verification epoch time]:seconds since 1970:' \
        '-no_check_time[ignore the dates of certificates]' \
        '-policy[policy the key must meet]:policy:{compadd authentic non-exportable cabf-code-signing; _files}' \
        '*-require[further demands]:demands:_openssl_attest_demands' \
        '-owner_trust[how the pool root must be trusted]:trust:(any authenticated pinned)' \
        '-owner_root[trusted pool root certificate]:certificate:_files' \
        '*-owner_pin[SHA-256 of a trusted pool root]:sha256\:HEX:' \
        '-known_pools[file of pools and their roots]:file:_files' \
        '-trust_pool[record the root of the pool once verified]' \
        '*-hsm_root[additional trusted HSM roots]:certificate:_files' \
        '-no_default_hsm_roots[do not trust the embedded Marvell roots]' \
        '-list_hsm_roots[print the embedded Marvell roots]' \
        '-list_policies[print the named policies]' \
        '-list_demands[print the demands of -require]'
}

# As an autoloaded file this is the body of the function; when evaluated it registers it.
if [[ ${funcstack[1]-} == _openssl-attest ]]; then
    _openssl_attest "$@"
elif (( $+functions[compdef] )); then
    compdef _openssl_attest openssl-attest
fi
