# shellcheck shell=bash disable=SC2154
# Sourced by what scripts/check-provider-page runs: programs that the pages call, as they act below the folder `machine`, where
# nobody is root, no user is made and no systemd runs.

# The built program. Nobody can be asked here, and the server's ports are free ones.
blockable-provider() {
  local command=$1
  case $command in
    register | issue | collect | suspend | resume) set -- "$@" --yes ;;
    serve) echo "$BASHPID" >"$folder/server.pid"; exec "$BLOCKABLE_PROVIDER" "$@" ;;
  esac
  "$BLOCKABLE_PROVIDER" "$@"
  if [[ $command == init ]]; then sed -i "s/127.0.0.1:8080/127.0.0.1:$served/; s/127.0.0.1:9090/127.0.0.1:$health/" server/provider.toml; fi
}

blockable-demo() {
  echo "$BASHPID" >"$folder/node.pid"
  TMPDIR=$folder exec "$BLOCKABLE_DEMO" "$@" --port "$first" 2>"$folder/node.err"
}

sudo() {
  if [[ $1 == -u ]]; then
    [[ $2 == blockable-provider ]] || return 1
    shift 2
  fi
  "$@"
}

useradd() { [[ ${*: -1} == blockable-provider ]]; }

# Without owners.
install() {
  local words=()
  while (($#)); do
    if [[ $1 == -o ]]; then shift; else words+=("$1"); fi
    shift
  done
  command install "${words[@]}"
}

# What the installed unit says, for this one service.
systemctl() {
  local start unit=$machine/etc/systemd/system/blockable-provider.service
  case $* in
    daemon-reload) ;;
    "enable --now blockable-provider" | "start blockable-provider")
      start=$(sed -n 's/^ExecStart=//p' "$unit" | sed "s|/etc/|$machine/etc/|; s|/usr/local/|$machine/usr/local/|")
      # What is not in the file would not be known to the commands that read it.
      ! grep -E '^(Environment|LoadCredential)' "$unit" || return 1
      $start &
      echo $! >"$folder/server.pid" ;;
    "reload blockable-provider") kill -HUP "$(<"$folder/server.pid")" ;;
    "stop blockable-provider")
      kill "$(<"$folder/server.pid")" 2>/dev/null || return 0
      wait "$(<"$folder/server.pid")" ;;
    *) return 1 ;;
  esac
}

# A sub-key that the backup has as a good one, and that its borrower revokes afterwards.
make_a_key() {
  REVOKED=$(curl -sf -X PUT "http://127.0.0.1:$served/v1/keys/leaver" -H "Authorization: Bearer $KEY" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')
  the_key_is 200
}

revoke_the_key() {
  curl -sf -X DELETE "http://127.0.0.1:$served/v1/keys/leaver" -H "Authorization: Bearer $KEY"
  the_key_is 401
}

the_key_is() { # the_key_is STATUS
  local found
  found=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$served/v1/usage" -H "Authorization: Bearer $REVOKED")
  [[ $found == "$1" ]] || { echo "the sub-key: expected $1, got $found"; return 1; }
}

# One more request, whose use the reports have and the backup has not; then the store is lost.
lose_the_store() {
  local reported
  curl -sf "http://127.0.0.1:$served/v1/chat/completions" -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
    -d '{"model": "echo", "messages": [{"role": "user", "content": "served by my own server"}]}'
  # As a keeper would have kept them, once both reporters have signed the use.
  until curl -sf "http://127.0.0.1:$served/v1/reports/latest?fresh=true" >kept.json &&
    reported=$(python3 -c "import json; print(sum(int(r['readings'][0]['cumulative']) for r in json.load(open('kept.json'))['reports']))") &&
    ((reported == 4 * $(usage_units))); do
    sleep 0.2
  done
  kill -9 "$(<"$folder/server.pid")"
  wait "$(<"$folder/server.pid")" || true
  rm "$machine"/var/lib/blockable-provider/gate.*
}

usage_units() {
  curl -sf -H "Authorization: Bearer $KEY" "http://127.0.0.1:$served/v1/usage" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][0]["units"])'
}
