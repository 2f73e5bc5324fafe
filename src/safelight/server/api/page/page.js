// Draws the API from its OpenAPI document. All text goes in as text, never as HTML.

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, attributes);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function resolved(api, schema) {
  return schema?.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : (schema ?? {});
}

/** A type in a few words: `string`, `integer 1…200`, `JobView[]`. */
function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.allOf) return schema.allOf.map(typeOf).join(" and ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `${typeOf(schema.items)}[]`;
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const limits = low === undefined && high === undefined ? "" : ` ${low ?? ""}…${high ?? ""}`;
  return `${schema.type ?? "anything"}${limits}`;
}

/** An example of a schema: its own, or one made of what must be given. */
function exampleOf(api, schema, depth = 0) {
  const full = resolved(api, schema);
  if (full.examples?.length) return full.examples[0];
  if (full.default !== undefined) return full.default;
  if (full.enum) return full.enum[0];
  if (full.anyOf) return exampleOf(api, full.anyOf[0], depth);
  if (depth > 4) return null;
  if (full.type === "array") return [exampleOf(api, full.items, depth + 1)];
  if (full.properties) {
    const isShown = ([name, part]) => full.required?.includes(name) || part.examples;
    const entries = Object.entries(full.properties).filter(isShown);
    return Object.fromEntries(entries.map(([name, part]) => [name, exampleOf(api, part, depth + 1)]));
  }
  return { string: "", integer: full.minimum ?? 0, number: 0, boolean: false, object: {} }[full.type] ?? null;
}

function table(rows, ...headings) {
  if (!rows.length) return null;
  const head = element("tr", {}, ...headings.map((text) => element("th", { textContent: text })));
  const body = rows.map((row) => element("tr", {}, ...row.map((text) => element("td", { textContent: text }))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

function fieldsOf(api, schema) {
  const full = resolved(api, schema);
  return Object.entries(full.properties ?? {}).map(([name, part]) => [
    name + (full.required?.includes(name) ? " *" : ""),
    typeOf(part),
    part.description ?? "",
  ]);
}

function example(method, path, kind, value) {
  const flags = method === "get" ? "" : ` -X ${method.toUpperCase()}`;
  const start = `curl${flags} ${location.origin}${path}`;
  if (kind === "multipart/form-data") return `${start} -F file=@picture.png`;
  if (value === undefined) return start;
  return `${start} -H 'Content-Type: application/json' -d '${JSON.stringify(value)}'`;
}

function routeView(api, path, method, route) {
  const [kind, body] = Object.entries(route.requestBody?.content ?? {})[0] ?? [];
  const parameters = (route.parameters ?? []).map((each) => [
    each.name + (each.required ? " *" : ""),
    each.in,
    typeOf(each.schema),
    each.description ?? "",
  ]);
  const value = body && kind === "application/json" ? exampleOf(api, body.schema) : undefined;
  const answers = Object.entries(route.responses).map(([status, answer]) => {
    const [type, content] = Object.entries(answer.content ?? {})[0] ?? [];
    return [status, type === "application/json" ? typeOf(content.schema) : (type ?? ""), answer.description ?? ""];
  });
  return element(
    "details",
    { id: route.operationId },
    element(
      "summary",
      {},
      element("span", { className: "method", textContent: method.toUpperCase() }),
      element("span", { className: "path", textContent: path }),
      element("span", { className: "about", textContent: route.summary ?? "" }),
    ),
    element("p", { textContent: route.description ?? "" }),
    table(parameters, "parameter", "in", "type", ""),
    body ? table(fieldsOf(api, body.schema), "field", "type", "") : null,
    element("pre", { textContent: example(method, path, kind, value) }),
    table(answers, "status", "answer", ""),
  );
}

function draw(api, place) {
  const byTag = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const route = methods[method];
      const tag = route.tags?.[0] ?? "further";
      byTag.set(tag, [...(byTag.get(tag) ?? []), routeView(api, path, method, route)]);
    }
  }
  const sections = [...byTag].map(([tag, routes]) =>
    element("section", {}, element("h2", { textContent: tag }), ...routes),
  );
  place.replaceChildren(...sections);
}

function show(words) {
  for (const section of document.querySelectorAll("section")) {
    const routes = [...section.querySelectorAll("details")];
    for (const route of routes) route.hidden = !route.textContent.toLowerCase().includes(words.toLowerCase());
    section.hidden = routes.every((route) => route.hidden);
  }
}

const place = document.getElementById("routes");
try {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  draw(await answer.json(), place);
  document.getElementById("find").addEventListener("input", (event) => show(event.target.value));
} catch (error) {
  place.replaceChildren(element("p", { textContent: `The list could not be read: ${error.message}. Reload the page.` }));
}
