# SPDX-License-Identifier: Apache-2.0
# fish completion for mcp-confine(1)

function __mcp_confine_servers
    for file in ~/.config/mcp-confine/servers/*.json /etc/mcp-confine/servers/*.json
        string replace -r '.*/(.*)\.json$' '$1' -- $file
    end
end

set -l commands run explain learn decide scan changes pins log revoke restore install list update rollback remove approve delegate status wrap unwrap audit-configs
set -l clients claude-desktop claude-code vscode copilot-cli cursor windsurf zed junie continue \
    cline roo gemini-cli antigravity codex goose lm-studio amazon-q kiro opencode amp crush trae \
    kimi factory
set -l start '__fish_seen_subcommand_from run explain learn decide'
set -l configs '__fish_seen_subcommand_from wrap unwrap audit-configs'

complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -f
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a run -d 'start a server, confined and judged'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a explain -d 'print what run would do'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a learn -d 'run, and propose the smallest policy for what was refused'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a decide -d 'print what would happen to the messages on stdin'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a scan -d 'print where a file holds secrets, by class'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a changes -d 'show, apply or discard what a server changed in an overlay'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a pins -d 'show, accept or forget what is remembered of a tool'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a log -d 'read, follow and check the audit logs'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a revoke -d 'stop a server, the servers of an agent or all'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a restore -d 'take a revocation back'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a install -d 'fetch a package, confined'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a list -d 'the installed packages, checked'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a update -d 'show what a newer version changes, and take it'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a rollback -d 'go back to the version before'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a remove -d 'remove an installed package'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a approve -d 'answer calls that wait for approval'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a delegate -d 'mint, narrow, show or revoke a capability'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a status -d 'try what this kernel offers'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a wrap -d 'put the local servers of the clients behind run'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a unwrap -d 'give the configurations back as they were'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -a audit-configs -d 'list every configured server'
complete -c mcp-confine -n "not __fish_seen_subcommand_from $commands" -l version
complete -c mcp-confine -l help

complete -c mcp-confine -n $start -f -a '(__mcp_confine_servers)' -d server
complete -c mcp-confine -n $start -l profile -x -d 'use that built-in profile'
complete -c mcp-confine -n $start -l read -r -F -d 'make a path readable'
complete -c mcp-confine -n $start -l write -r -F -d 'make a path writable'
complete -c mcp-confine -n $start -l overlay -r -F -d 'let it write a directory in a layer of its own'
complete -c mcp-confine -n $start -l connect -x -d 'let it reach a name and port'
complete -c mcp-confine -n $start -l minimum-tier -x -a 'full nouserns' -d 'the least that will do'
complete -c mcp-confine -n '__fish_seen_subcommand_from learn' -l initialize -d 'begin the session itself'
complete -c mcp-confine -n '__fish_seen_subcommand_from learn' -l names -d 'see the names that it looks up'
complete -c mcp-confine -n '__fish_seen_subcommand_from learn' -l json -d 'one object'
complete -c mcp-confine -n '__fish_seen_subcommand_from learn' -l out -r -F -d 'write the proposal there'
complete -c mcp-confine -n $start -l capability-file -r -F -d 'bound the session by a capability'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l server -x -a '(__mcp_confine_servers)' -d 'what it is for'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l from -r -F -d 'narrow that one'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l tools -x -d 'only these tools'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l path -r -F -d 'only paths below it'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l calls -x -d 'at most so many calls'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l expires -x -d 'until when, or for how long'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l id -x -d 'who has it'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l show -r -F -d 'print one, and whether it is valid'
complete -c mcp-confine -n '__fish_seen_subcommand_from delegate' -l revoke -x -d 'end an id'
complete -c mcp-confine -n '__fish_seen_subcommand_from run' -l listen -x -d 'serve on a Unix socket'
complete -c mcp-confine -n '__fish_seen_subcommand_from run' -l timing -d 'say where the time goes'
complete -c mcp-confine -n '__fish_seen_subcommand_from update rollback remove' -f -a '(mcp-confine list 2>/dev/null | string replace -r " .*" "")'
complete -c mcp-confine -n '__fish_seen_subcommand_from install update' -l scripts -d 'run its scripts, build its sources'
complete -c mcp-confine -n '__fish_seen_subcommand_from install update' -l token -d 'use the credential that npm or pip has for it'
complete -c mcp-confine -n '__fish_seen_subcommand_from install update' -l registry -x -d 'the registry to ask'
complete -c mcp-confine -n '__fish_seen_subcommand_from install update' -l host -x -d 'allow a further host'
complete -c mcp-confine -n '__fish_seen_subcommand_from install update' -l address -x -d 'allow addresses that are not public'
complete -c mcp-confine -n '__fish_seen_subcommand_from install update' -l python -r -F -d 'the interpreter whose pip is used'
complete -c mcp-confine -n '__fish_seen_subcommand_from install' -l write-policy -d 'write a starter policy'
complete -c mcp-confine -n '__fish_seen_subcommand_from update' -l yes -d 'do not ask'
complete -c mcp-confine -n '__fish_seen_subcommand_from scan' -l pii -x -a 'all pan iban email phone' -d 'personal data too'
complete -c mcp-confine -n '__fish_seen_subcommand_from scan' -l environment -d 'values of the environment too'
complete -c mcp-confine -n '__fish_seen_subcommand_from scan' -F
complete -c mcp-confine -n '__fish_seen_subcommand_from changes' -a 'show apply discard (__mcp_confine_servers)'
complete -c mcp-confine -n '__fish_seen_subcommand_from changes' -l diff -d 'show the difference of texts'
complete -c mcp-confine -n '__fish_seen_subcommand_from changes' -l yes -d 'do not ask'
complete -c mcp-confine -n '__fish_seen_subcommand_from changes' -l trusted -d 'also names that programs outside trust'
complete -c mcp-confine -n '__fish_seen_subcommand_from changes' -l overwrite -d 'also what others changed'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -f -a 'show verify head (__mcp_confine_servers)'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l json -d 'as they stand'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l follow -d 'go on with what comes'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l since -x -d 'from that time'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l until -x -d 'to that time'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l event -x -d 'only these events'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l decision -x -a 'allow deny change ask' -d 'only these decisions'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l session -x -d 'only that session'
complete -c mcp-confine -n '__fish_seen_subcommand_from log' -l head -x -d 'a head that was seen elsewhere'
complete -c mcp-confine -n '__fish_seen_subcommand_from revoke restore' -f -a '(__mcp_confine_servers)'
complete -c mcp-confine -n '__fish_seen_subcommand_from revoke restore' -l agent -x -d 'the servers of that agent'
complete -c mcp-confine -n '__fish_seen_subcommand_from revoke restore' -l all -d 'every server'
complete -c mcp-confine -n '__fish_seen_subcommand_from revoke' -l reason -x -d 'why'
complete -c mcp-confine -n '__fish_seen_subcommand_from pins' -f -a 'show accept forget (__mcp_confine_servers)'
complete -c mcp-confine -n '__fish_seen_subcommand_from approve' -f -a 'list show yes no'
complete -c mcp-confine -n '__fish_seen_subcommand_from status' -f -l json -d 'one object'
complete -c mcp-confine -n '__fish_seen_subcommand_from status' -f -l probe -d 'try what a hostile server would'
complete -c mcp-confine -n $start -l env -x -a '(set -nx)' -d 'pass or set a variable'
complete -c mcp-confine -n $start -l name -x -d 'what logs call the server'
complete -c mcp-confine -n '__fish_seen_subcommand_from run' -l dry-run -d 'only explain'
complete -c mcp-confine -n '__fish_seen_subcommand_from decide' -l from-server -d "the messages are the server's"

complete -c mcp-confine -n $configs -l client -x -a "$clients" -d 'only this client'
complete -c mcp-confine -n '__fish_seen_subcommand_from wrap unwrap' -l yes -s y -d 'do not ask'
complete -c mcp-confine -n '__fish_seen_subcommand_from wrap unwrap' -l dry-run -d 'only show'
complete -c mcp-confine -n '__fish_seen_subcommand_from audit-configs' -l json -d 'one JSON object'
complete -c mcp-confine -n '__fish_seen_subcommand_from audit-configs' -l all-users -d 'every account, as root'
