# SPDX-License-Identifier: Apache-2.0
# bash completion for mcp-confine(1)

_mcp_confine_servers() {
  local file
  for file in "${HOME}"/.config/mcp-confine/servers/*.json /etc/mcp-confine/servers/*.json; do
    [[ -e $file ]] && file=${file##*/} && printf '%s\n' "${file%.json}"
  done
}

_mcp_confine() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} i
  local commands="run explain learn decide scan changes pins log revoke restore install list update rollback remove approve delegate status wrap unwrap audit-configs fleet report"
  local clients="claude-desktop claude-code vscode copilot-cli cursor windsurf zed junie continue
    cline roo gemini-cli antigravity codex goose lm-studio amazon-q kiro opencode amp crush trae
    kimi factory"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
    return
  fi
  # Behind -- a command of the user's begins.
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == -- ]]; then
      if [[ $i -eq $((COMP_CWORD - 1)) ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      return
    fi
  done
  case $before in
    --client) mapfile -t COMPREPLY < <(compgen -W "$clients" -- "$word"); return ;;
    --read | --write | --overlay) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --env) mapfile -t COMPREPLY < <(compgen -e -- "$word"); return ;;
    --minimum-tier) mapfile -t COMPREPLY < <(compgen -W "full nouserns" -- "$word"); return ;;
    --out) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --capability-file | --from | --show) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --server) mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word"); return ;;
    --path) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --tools | --calls | --expires | --id | --revoke) return ;;
    --python) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --registry | --host | --address | --vscode-registry) return ;;
    --out | --policy) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --program) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --profile | --name | --connect | --listen) return ;;
  esac
  case $command in
    run | explain | learn | decide)
      if [[ $word == -* ]]; then
        local options="--profile --read --write --overlay --connect --env --name --minimum-tier --capability-file --help --"
        [[ $command == run ]] && options+=" --dry-run --listen --timing"
        [[ $command == learn ]] && options+=" --initialize --names --json --out"
        [[ $command == decide ]] && options+=" --from-server"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word")
      fi
      ;;
    delegate)
      mapfile -t COMPREPLY < <(compgen -W "--server --from --tools --path --calls --expires --id --show --revoke --help" -- "$word")
      ;;
    changes)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--diff --yes --trusted --overwrite --help" -- "$word")
      elif [[ $COMP_CWORD -eq 2 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "show apply discard" -- "$word")
      elif [[ $COMP_CWORD -eq 3 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    log)
      if [[ $before == --decision ]]; then
        mapfile -t COMPREPLY < <(compgen -W "allow deny change ask" -- "$word")
      elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--json --follow --since --until --event --decision --session --head --help" -- "$word")
      else
        local first=""
        [[ $COMP_CWORD -eq 2 ]] && first="show verify head"
        mapfile -t COMPREPLY < <(compgen -W "$first $(_mcp_confine_servers)" -- "$word")
      fi
      ;;
    revoke | restore)
      if [[ $word == -* ]]; then
        local options="--agent --all --help"
        [[ $command == revoke ]] && options+=" --reason"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word")
      fi
      ;;
    pins)
      if [[ $COMP_CWORD -eq 2 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "show accept forget" -- "$word")
      elif [[ $COMP_CWORD -eq 3 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word")
      fi
      ;;
    scan)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--pii --environment --help" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    install | update)
      if [[ $word == -* ]]; then
        local options="--scripts --token --registry --host --address --python --help"
        [[ $command == install ]] && options+=" --write-policy"
        [[ $command == update ]] && options+=" --yes"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      elif [[ $command == update ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(mcp-confine list 2>/dev/null | cut -d' ' -f1)" -- "$word")
      fi
      ;;
    rollback | remove)
      mapfile -t COMPREPLY < <(compgen -W "$(mcp-confine list 2>/dev/null | cut -d' ' -f1)" -- "$word")
      ;;
    approve) [[ $COMP_CWORD -gt 2 ]] || mapfile -t COMPREPLY < <(compgen -W "list show yes no" -- "$word") ;;
    status) mapfile -t COMPREPLY < <(compgen -W "--json --probe --help" -- "$word") ;;
    fleet)
      if [[ $COMP_CWORD -eq 2 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "render hook" -- "$word")
      elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--out --policy --program --vscode-registry --help" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word")
      fi
      ;;
    report)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "--json --out --check --help" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(_mcp_confine_servers)" -- "$word")
      fi
      ;;
    wrap | unwrap | audit-configs)
      if [[ $word == -* ]]; then
        local options="--yes --dry-run --client --help"
        [[ $command == audit-configs ]] && options="--json --all-users --client --help"
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
  esac
}

complete -o filenames -F _mcp_confine mcp-confine
