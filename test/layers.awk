# test/layers.awk < "FILE HEADER" lines (HEADER "-": just the file)
#
# Prints each include that points up, and each file that test/layers does not
# place. Used by test/lint.

# as a regular expression: "*" any text, a name without ending both endings
function pattern(name)
{
	if (name !~ /\.[ch]$/)
		name = name ".[ch]"
	gsub(/\.\[ch\]$/, "\\.[ch]", name)
	gsub(/\*/, ".*", name)
	return "^" name "$"
}

function read_layers(    line, n, words, i, layer, root)
{
	while ((getline line < "test/layers") > 0) {
		sub(/#.*/, "", line)
		if (match(line, /^\[.*\]/)) {
			root = substr(line, 2, RLENGTH - 2)
			roots[root] = 1
			layer = 0
		} else if ((n = split(line, words, " ")) > 0) {
			layer++
			for (i = 1; i <= n; i++) {
				patterns[root, ++count[root]] = pattern(words[i])
				layers[root, count[root]] = layer
			}
		}
	}
}

function root_of(file,    root)
{
	for (root in roots)
		if (index(file, root "/") == 1)
			return root
	return ""
}

# The layer of a file by the longest, so most exact, of the patterns that fit; 0: none
function layer_of(root, name,    i, best, length_of_best)
{
	for (i = 1; i <= count[root]; i++)
		if (name ~ patterns[root, i] && length(patterns[root, i]) > length_of_best) {
			best = layers[root, i]
			length_of_best = length(patterns[root, i])
		}
	return best + 0
}

# header as written in file -> path below root, or "" when it is not one of the root's files
function below_root(root, file, header,    dir)
{
	dir = file
	sub(/[^\/]*$/, "", dir)
	while (header ~ /^\.\.\//) {
		header = substr(header, 4)
		sub(/[^\/]*\/$/, "", dir)
	}
	if (((dir header) in known) && index(dir header, root "/") == 1)
		return substr(dir header, length(root) + 2)
	if ((root "/" header) in known)
		return header
	return ""
}

BEGIN { read_layers() }

$2 == "-" { known[$1] = 1; files[++nfiles] = $1; next }

{ from[++n] = $1; to[n] = $2 }

END {
	for (i = 1; i <= nfiles; i++) {
		root = root_of(files[i])
		if (root != "" && !layer_of(root, substr(files[i], length(root) + 2)))
			print files[i] ": in no layer; give it one in test/layers"
	}
	for (i = 1; i <= n; i++) {
		root = root_of(from[i])
		if (root == "")
			continue
		header = below_root(root, from[i], to[i])
		if (header != "" && layer_of(root, header) && layer_of(root, header) < layer_of(root, substr(from[i], length(root) + 2)))
			print from[i] ": includes \"" to[i] "\", which is of a higher layer"
		# an example includes what aiodal codegen writes, by its default name
		else if (header == "" && root ~ /^client\// && to[i] !~ /^(aiodal\/|libpq)/ && !(root == "client/examples" && to[i] == "tables.h"))
			print from[i] ": includes \"" to[i] "\": outside its own directory only <aiodal/...> is for it"
	}
}
