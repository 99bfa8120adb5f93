# bash completion for aiodal

_aiodal()
{
	local cur prev words cword command= i
	_init_completion 2>/dev/null || { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cword=$COMP_CWORD words=("${COMP_WORDS[@]}"); }

	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
			-d | --dbname) ((i++)) ;;
			ping | reflect | load | export | diff | codegen | testdb) command=${words[i]}; break ;;
		esac
	done

	# behind its options it is another command's line
	if [ "$command" = testdb ]; then
		for ((i++; i < cword; i++)); do
			case ${words[i]} in
				-m | --migrate | -s | --set) ((i++)) ;;
				--) ((i++)); break ;;
				-*) ;;
				*) break ;;
			esac
		done
		if [ "$i" -lt "$cword" ] && type _command_offset >/dev/null 2>&1; then
			_command_offset "$i"
			return
		fi
		case $prev in
			-m | --migrate) COMPREPLY=($(compgen -f -- "$cur")); return ;;
			-s | --set) return ;;
		esac
		[[ $cur == -* ]] || { COMPREPLY=($(compgen -c -- "$cur")); return; }
	fi

	case $prev in
		-d | --dbname) COMPREPLY=($(compgen -W "$(psql -XAtc 'SELECT datname FROM pg_catalog.pg_database WHERE datallowconn' -d postgres 2>/dev/null)" -- "$cur")); return ;;
		-m | --mode) COMPREPLY=($(compgen -W 'insert ignore upsert update sync' -- "$cur")); return ;;
		-i | --ignore) COMPREPLY=($(compgen -W 'privileges owner comment' -- "$cur")); return ;;
		--on-duplicate) COMPREPLY=($(compgen -W 'error first last' -- "$cur")); return ;;
		--include) COMPREPLY=($(compgen -W 'partitions extensions temporary system' -- "$cur")); return ;;
		-o | --output) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		-f | --format)
			case $command in
				reflect) COMPREPLY=($(compgen -W 'table json markdown html dot svg' -- "$cur")) ;;
				diff) COMPREPLY=($(compgen -W 'text json' -- "$cur")) ;;
				load) COMPREPLY=($(compgen -W 'csv text jsonl' -- "$cur")) ;;
				export) COMPREPLY=($(compgen -W 'csv jsonl text binary' -- "$cur")) ;;
			esac
			return ;;
		--jobs | -j | --key | --columns | --update-columns | --delete-where | --delimiter | --null | --encoding | -k | -c | -n | --schema) [ "$command$prev" = load-n ] || return ;;
	esac

	case $command in
		'') COMPREPLY=($(compgen -W 'ping reflect load export diff codegen testdb --dbname --no-password --verbose --help --version' -- "$cur")); return ;;
	esac
	case $cur in
		-*) COMPREPLY=($(compgen -W "$(aiodal "$command" --help 2>/dev/null | grep -o -- '--[a-z-]*' | sort -u)" -- "$cur")) ;;
		*) [[ $command != load && $command != diff ]] || COMPREPLY=($(compgen -f -- "$cur")) ;;
	esac
}
complete -o filenames -F _aiodal aiodal
