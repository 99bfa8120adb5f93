# test/bench/report.awk
#
# Results of the benches (see test/bench/lib.sh) and goals (test/bench/goals) into
# a table for people on standard output and JSON into the file named by json. Of
# several runs the median counts; ratios are to the group's baseline.
#
#   awk -v json=FILE -f report.awk GOALS RESULTS
BEGIN {
	FS = "\t"
	label["backend_cpu_seconds"] = "CPU"
	label["cpu_seconds"] = "CPU"
	label["p99_seconds"] = "p99"
	label["wall_seconds"] = "wall"
	label["cold_backend_cpu_seconds"] = "cold CPU"
	label["wal_bytes"] = "WAL MB"
	label["backend_memory_bytes"] = "memory MB"
	label["client_memory_bytes"] = "client MB"
	label["client_cpu_seconds"] = "its CPU"
	label["all_cpu_seconds"] = "all CPU"
	label["allocations"] = "allocs"
}
FILENAME == ARGV[1] {
	if ($1 != "" && $1 !~ /^#/) { goals++; of[goals] = $1; against[goals] = $2; goal_metric[goals] = $3; most[goals] = $4; goal_text[goals] = $5 }
	next
}
$1 == "#group" {
	if (!($2 in group_title)) groups[++ngroups] = $2
	base[$2] = $3; group_title[$2] = $4
	next
}
$1 == "#way" { ways[$2] = ways[$2] "\t" $3; way_title[$2 "/" $3] = $4; next }
{
	key = $1 "/" $2 SUBSEP $3
	if (!($3 in seen_metric)) { seen_metric[$3] = 1; metrics[++nmetrics] = $3 }
	values[key] = values[key] " " $4
	has[$1, $3] = 1
}

function median(list,    n, v, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n % 2 ? v[(n + 1) / 2] + 0 : (v[n / 2] + v[n / 2 + 1]) / 2
}
function is_known(name, metric) { return (name SUBSEP metric) in values }
function value(name, metric) { return median(values[name SUBSEP metric]) }
function has_ratio(metric) { return metric ~ /seconds/ }
function ratio(a, b) { return b > 0 ? sprintf("%.3f", a / b) : "null" }
function quoted(text) { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); return "\"" text "\"" }
# seconds in the group's unit, bytes in megabytes
function shown(group, metric, v) {
	if (metric == "allocations") return sprintf("%g", v)
	if (metric ~ /bytes/) return sprintf(v < 9.95e6 ? "%.1f" : "%.0f", v / 1e6)
	if (unit(group) == "s") return sprintf("%.2f", v)
	return sprintf(v < 0.0000995 ? "%.4f" : v < 0.00995 ? "%.2f" : v < 0.0995 ? "%.1f" : "%.0f", v * 1000)
}
function unit(group) { return group ~ /^(bulk|jobs)/ ? "s" : "ms" }

# The goal of a way against its group's baseline, for beside the ratio; "" when there is none.
function goal_of(g, way, metric,    i) {
	for (i = 1; i <= goals; i++)
		if (of[i] == g "/" way && against[i] == g "/" base[g] && goal_metric[i] == metric) return most[i]
	return ""
}
function has_goal(g, list, n, metric,    i) {
	for (i = 1; i <= n; i++) if (goal_of(g, list[i], metric) != "") return 1
	return 0
}

function json_line(name, metric, v, base_name, b, more) {
	printf "%s\n  {\"name\": %s, \"metric\": %s, \"value\": %.9g, \"baseline\": %s, \"ratio\": %s, \"against\": %s%s}", (lines++ ? "," : "["),
		quoted(name), quoted(metric), v, b == "" ? "null" : sprintf("%.9g", b), b == "" ? "null" : ratio(v, b), base_name == "" ? "null" : quoted(base_name), more >json
}

function print_group(g,    n, list, i, j, m, name, line, v, b) {
	n = split(substr(ways[g], 2), list, "\t")
	printf "\n%s: %s\n", g, group_title[g]
	line = sprintf("  %-46s", "")
	for (j = 1; j <= nmetrics; j++) {
		m = metrics[j]
		if (!((g, m) in has) || !(m in label)) continue
		line = line sprintf("%11s", label[m] (has_ratio(m) ? " " unit(g) : ""))
		if (has_ratio(m)) line = line sprintf("%8s", "ratio")
		if (has_goal(g, list, n, m)) line = line sprintf("%8s", "goal")
	}
	print line
	for (i = 1; i <= n; i++) {
		name = g "/" list[i]
		line = sprintf("  %-46s", way_title[name])
		for (j = 1; j <= nmetrics; j++) {
			m = metrics[j]
			if (!((g, m) in has)) continue
			v = is_known(name, m) ? value(name, m) : ""
			b = is_known(g "/" base[g], m) ? value(g "/" base[g], m) : ""
			if (v != "") json_line(name, m, v, g "/" base[g], b, "")
			if (!(m in label)) continue
			line = line sprintf("%11s", v == "" ? "-" : shown(g, m, v))
			if (has_ratio(m)) line = line sprintf("%8s", v != "" && b > 0 ? sprintf(v / b < 0.0995 ? "%.4f" : "%.2f", v / b) : "")
			if (has_goal(g, list, n, m)) line = line sprintf("%8s", goal_of(g, list[i], m))
		}
		sub(/ +$/, "", line)
		print line
	}
}

# a goal without something to be held against is a limit of its own
function print_goals(    i, v, b, r, met, any) {
	for (i = 1; i <= goals; i++) {
		if (!is_known(of[i], goal_metric[i]) || (against[i] != "-" && !is_known(against[i], goal_metric[i]))) continue
		if (!any++) printf "\nGoals\n"
		v = value(of[i], goal_metric[i])
		b = against[i] == "-" ? 1 : value(against[i], goal_metric[i])
		r = v / b
		met = r <= most[i] + 0
		printf "  %-4s %-86s %10.4g of at most %s\n", met ? "yes" : "NO", goal_text[i], r, most[i]
		json_line(of[i], goal_metric[i], v, against[i] == "-" ? "" : against[i], against[i] == "-" ? "" : b, sprintf(", \"goal\": %s, \"met\": %s", most[i], met ? "true" : "false"))
	}
}

END {
	for (k = 1; k <= ngroups; k++) print_group(groups[k])
	print_goals()
	print (lines ? "\n]" : "[]") >json
}
