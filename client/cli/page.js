(function () {
	"use strict";
	var input = document.getElementById("search");
	var count = document.getElementById("count");
	var overview = document.getElementById("overview");
	var diagram = document.getElementById("diagram");
	var entries = Array.prototype.map.call(document.querySelectorAll("#list li"), function (item) {
		return {
			item: item,
			section: document.getElementById(item.querySelector("a").getAttribute("href").slice(1)),
			text: item.getAttribute("data-search").toLowerCase()
		};
	});

	/* every word has to be somewhere: in the name of the table or of a column */
	function filter() {
		var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		var found = 0;

		entries.forEach(function (entry) {
			var hit = words.every(function (word) { return entry.text.indexOf(word) >= 0; });

			entry.item.hidden = !hit;
			if (entry.section) entry.section.hidden = !hit;
			if (hit) found++;
		});
		document.querySelectorAll("#list .group").forEach(function (group) {
			group.hidden = !group.querySelector("li:not([hidden])");
		});
		/* what was found should be in sight */
		if (overview) overview.hidden = words.length > 0;
		count.textContent = words.length ? found + " of " + entries.length : String(entries.length);
		count.textContent += entries.length === 1 ? " relation" : " relations";
	}

	/* #q=words is a search that can be kept as a link; any other leads to a table, found or not */
	function follow() {
		var target;

		if (location.hash.indexOf("#q=") === 0) {
			try { input.value = decodeURIComponent(location.hash.slice(3)); } catch (e) { input.value = location.hash.slice(3); }
			filter();
			return;
		}
		target = document.getElementById(location.hash.slice(1));
		if (target && target.hidden) {
			input.value = "";
			filter();
			target.scrollIntoView();
		}
	}

	input.addEventListener("input", function () {
		history.replaceState(null, "", input.value ? "#q=" + encodeURIComponent(input.value) : "#");
		filter();
	});
	document.addEventListener("keydown", function (event) {
		if (event.key !== "/" || event.ctrlKey || event.metaKey || document.activeElement === input) return;
		event.preventDefault();
		input.focus();
	});
	window.addEventListener("hashchange", follow);
	if (diagram) document.getElementById("size").addEventListener("click", function () {
		this.textContent = diagram.classList.toggle("fit") ? "Actual size" : "Fit";
	});
	filter();
	follow();
})();
