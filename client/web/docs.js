(function () {
	"use strict";
	var METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
	var spec;

	/* text never becomes markup: all of it goes through here */
	function make(tag, attributes, children) {
		var element = document.createElement(tag);

		Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
		[].concat(children === undefined ? [] : children).forEach(function (child) {
			if (child !== null && child !== undefined)
				element.append(child);
		});
		return element;
	}

	function resolve(thing) {
		var at = spec;

		if (!thing || !thing.$ref)
			return thing;
		thing.$ref.replace(/^#\//, "").split("/").forEach(function (part) {
			at = at && at[part.replace(/~1/g, "/").replace(/~0/g, "~")];
		});
		return at;
	}

	/* "integer int32, null", "array of string", "one of a, b" */
	function describe(schema) {
		var type, text;

		schema = resolve(schema) || {};
		type = [].concat(schema.type || "anything");
		text = type.filter(function (t) { return t !== "null"; }).join(" or ");
		if (schema.enum)
			text = "one of " + schema.enum.filter(function (value) { return value !== null; }).join(", ");
		if (schema.items)
			text = "array of " + describe(schema.items.anyOf ? schema.items.anyOf[0] : schema.items).replace(/ or null$/, "");
		if (schema.format)
			text += " (" + schema.format + ")";
		if (schema.maxLength)
			text += ", " + schema.maxLength + " characters at most";
		if (schema.minimum !== undefined && schema.maximum !== undefined)
			text += ", " + schema.minimum + " to " + schema.maximum;
		if (schema.default !== undefined)
			text += ", default " + JSON.stringify(schema.default);
		return text + (type.indexOf("null") >= 0 ? " or null" : "");
	}

	function row(cells, header) {
		return make("tr", {}, cells.map(function (cell) { return make(header ? "th" : "td", {}, cell); }));
	}

	function propertiesTable(schema) {
		var properties = schema.properties || {};
		var required = schema.required || [];

		return make("table", {}, Object.keys(properties).map(function (name) {
			var property = resolve(properties[name]);
			var marks = [required.indexOf(name) >= 0 ? "required" : "", property.readOnly ? "read only" : ""];

			return row([name, describe(property), marks.filter(Boolean).join(", "), property.description || ""]);
		}));
	}

	function schemaOf(content) {
		var type = Object.keys(content || {})[0];

		return type ? content[type].schema : undefined;
	}

	/* What is required, since the rest is rather left out than made up. */
	function example(schema, depth) {
		var type, result;

		schema = resolve(schema) || {};
		type = [].concat(schema.type || "string")[0];
		if (schema.enum)
			return schema.enum[0];
		if (type === "object" && depth < 4) {
			result = {};
			(schema.required || []).forEach(function (name) {
				result[name] = example((schema.properties || {})[name], depth + 1);
			});
			return result;
		}
		return { integer: 0, number: 0, boolean: false, array: [], string: "" }[type];
	}

	/* path and query as the fields have them; a field that is empty is left out */
	function urlOf(path, parameters, fields) {
		var query = [];

		parameters.forEach(function (parameter) {
			var value = fields[parameter.in + " " + parameter.name].value;

			if (parameter.in === "path")
				path = path.replace("{" + parameter.name + "}", encodeURIComponent(value));
			else if (parameter.in === "query" && value !== "")
				query.push(encodeURIComponent(parameter.name) + "=" + encodeURIComponent(value));
		});
		return path + (query.length ? "?" + query.join("&") : "");
	}

	function headersOf(parameters, fields, body) {
		var headers = {};
		var token = document.getElementById("token").value.trim();

		parameters.forEach(function (parameter) {
			var value = fields[parameter.in + " " + parameter.name].value;

			if (parameter.in === "header" && value !== "")
				headers[parameter.name] = value;
		});
		if (token)
			headers.Authorization = "Bearer " + token;
		if (body !== undefined)
			headers["Content-Type"] = "application/json";
		return headers;
	}

	function pretty(text) {
		try {
			return JSON.stringify(JSON.parse(text), null, 2);
		} catch (e) {
			return text;
		}
	}

	function send(method, path, parameters, fields, body, output) {
		var started = performance.now();

		output.textContent = "...";
		return fetch(urlOf(path, parameters, fields), {
			method: method.toUpperCase(), headers: headersOf(parameters, fields, body), body: body, credentials: "same-origin"
		}).then(function (answer) {
			return answer.text().then(function (text) {
				var told = ["etag", "location", "retry-after", "www-authenticate", "x-request-id"];

				output.textContent = answer.status + " " + answer.statusText + ", " +
					Math.round(performance.now() - started) + " ms\n" +
					told.filter(function (name) { return answer.headers.has(name); })
						.map(function (name) { return name + ": " + answer.headers.get(name) + "\n"; }).join("") +
					"\n" + pretty(text);
			});
		}).catch(function (error) { output.textContent = String(error); });
	}

	/* "year.lt" is a variant of "year" where that is a parameter, too; its base, or undefined */
	function baseOf(parameter, parameters) {
		var name = parameter.name.replace(/\.[^.]*$/, "");

		return parameters.filter(function (other) {
			return other.in === parameter.in && other.name === name && other !== parameter;
		})[0];
	}

	function isVariant(parameters) {
		return function (parameter) { return baseOf(parameter, parameters) !== undefined; };
	}

	function input(parameter, fields) {
		var field = make("input", { name: parameter.name, placeholder: describe(parameter.schema) });

		fields[parameter.in + " " + parameter.name] = field;
		return make("label", {}, [parameter.name + (parameter.required ? " *" : ""), field]);
	}

	/* variants are many as a rule: they are folded away */
	function inputs(parameters, fields) {
		var variants = parameters.filter(isVariant(parameters));
		var grid = function (chosen) {
			return make("div", { class: "fields" }, chosen.map(function (parameter) { return input(parameter, fields); }));
		};

		return [grid(parameters.filter(function (parameter) { return variants.indexOf(parameter) < 0; })),
			variants.length ? make("details", { class: "variants" }, [make("summary", {}, variants.length + " more"), grid(variants)]) : null];
	}

	function trial(method, path, operation, parameters) {
		var fields = {};
		var schema = schemaOf((resolve(operation.requestBody) || {}).content);
		var body = schema && make("textarea", { name: "body", spellcheck: "false" }, JSON.stringify(example(schema, 0), null, 2));
		var output = make("pre", { class: "answer", hidden: "" });
		var button = make("button", { type: "submit" }, "Send");
		var form = make("form", {}, [make("h4", {}, "Try it")].concat(inputs(parameters, fields), [
			body ? make("label", {}, ["body", body]) : null, button, output]));

		form.addEventListener("submit", function (event) {
			event.preventDefault();
			output.hidden = false;
			send(method, path, parameters, fields, body ? body.value : undefined, output);
		});
		return form;
	}

	function answersTable(answers) {
		return make("table", {}, Object.keys(answers || {}).map(function (status) {
			return row([status, (resolve(answers[status]) || {}).description || ""]);
		}));
	}

	/* One row for a parameter and its variants. */
	function parametersTable(parameters) {
		var variants = parameters.filter(isVariant(parameters));

		return make("table", {}, parameters.filter(function (parameter) {
			return variants.indexOf(parameter) < 0;
		}).map(function (parameter) {
			var own = variants.filter(function (variant) { return baseOf(variant, parameters) === parameter; });
			var suffixes = own.map(function (variant) { return variant.name.slice(parameter.name.length); }).join(" ");

			return row([parameter.name, parameter.in, describe(parameter.schema), [parameter.description || "",
				suffixes ? make("div", { class: "note" }, "also with " + suffixes) : null]]);
		}));
	}

	function bodyPart(operation) {
		var schema = schemaOf((resolve(operation.requestBody) || {}).content);

		return schema ? [make("h4", {}, "Body"), propertiesTable(resolve(schema))] : [];
	}

	/* of an answer, and of what it is a list of */
	function contentPart(title, schema) {
		var parts = [make("h4", {}, title), propertiesTable(schema)];

		Object.keys(schema.properties).forEach(function (name) {
			var items = resolve((resolve(schema.properties[name]) || {}).items) || {};

			if (items.properties)
				parts.push(make("h4", {}, "Each of " + name), propertiesTable(items));
		});
		return parts;
	}

	function answerPart(operation) {
		var success = Object.keys(operation.responses || {}).filter(function (status) { return status[0] === "2"; })[0];
		var schema = success && resolve(schemaOf((resolve(operation.responses[success]) || {}).content));

		return [make("h4", {}, "Answers"), answersTable(operation.responses)]
			.concat(schema && schema.properties ? contentPart("Content of " + success, schema) : []);
	}

	function operationPart(path, method, operation, shared, id) {
		var parameters = shared.concat(operation.parameters || []).map(resolve);
		var filled = false;
		var inside = make("div");
		var part = make("details", { class: "operation", id: id }, [
			make("summary", {}, [make("span", { class: "method " + method }, method.toUpperCase()),
				make("span", { class: "path" }, path), make("span", { class: "note" }, operation.summary || "")]), inside]);

		/* long documents open at once: what is closed is not made */
		part.addEventListener("toggle", function () {
			if (filled || !part.open)
				return;
			filled = true;
			inside.append.apply(inside, [operation.description ? make("p", {}, operation.description) : ""]
				.concat(parameters.length ? [make("h4", {}, "Parameters"), parametersTable(parameters)] : [],
					bodyPart(operation), answerPart(operation), [trial(method, path, operation, parameters)]));
		});
		return part;
	}

	/* [tag, [part, ...]] in the order in which they come */
	function groups() {
		var found = {};
		var n = 0;

		Object.keys(spec.paths).forEach(function (path) {
			var item = spec.paths[path];

			METHODS.filter(function (method) { return item[method]; }).forEach(function (method) {
				var operation = item[method];
				var tag = "#" + ((operation.tags || [])[0] || "Other");
				var id = operation.operationId || "operation-" + n;

				n++;
				(found[tag] = found[tag] || []).push({
					id: id, path: path, method: method, part: operationPart(path, method, operation, item.parameters || [], id)
				});
			});
		});
		return found;
	}

	function show() {
		var nav = document.getElementById("list");
		var main = document.getElementById("operations");
		var found = groups();

		document.title = spec.info.title;
		document.getElementById("title").textContent = spec.info.title;
		document.getElementById("about").textContent = [spec.info.version, spec.info.description].filter(Boolean).join(" \u2013 ");
		Object.keys(found).forEach(function (tag) {
			nav.append(make("h2", {}, tag.slice(1)));
			main.append(make("h2", {}, tag.slice(1)));
			found[tag].forEach(function (entry) {
				nav.append(make("a", { href: "#" + entry.id }, [
					make("span", { class: "method " + entry.method }, entry.method.toUpperCase()), entry.path]));
				main.append(entry.part);
			});
		});
		follow();
	}

	/* a link to an operation opens it */
	function follow() {
		var target;

		try {
			target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
		} catch (e) {
			return;
		}
		if (target && target.tagName === "DETAILS") {
			target.open = true;
			target.scrollIntoView();
		}
	}

	window.addEventListener("hashchange", follow);
	fetch(document.body.getAttribute("data-url"), { credentials: "same-origin" }).then(function (answer) {
		if (!answer.ok)
			throw new Error("the document is not to be had: " + answer.status);
		return answer.json();
	}).then(function (json) {
		spec = json;
		show();
	}).catch(function (error) { document.getElementById("failure").textContent = String(error); });
})();
