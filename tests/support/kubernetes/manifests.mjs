// Reads manifests: a JSON array of texts in YAML comes in, and a JSON array goes out, for each text its documents as
// {"document": ..., "problems": [what Kubernetes' published schema has against it, "PATH: TEXT"]}. A field that the schema does not
// know is a problem, too: the API server would drop it without a word, or refuse the manifest.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// The packages are not beside this file but where `make` puts them: the first argument.
const packages = process.argv[2];
const require = createRequire(packages + "/");
const { parseAllDocuments } = require("yaml");

function schemaOf({ apiVersion, kind }) {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
    const capital = word => word[0].toUpperCase() + word.slice(1);
    return require(`${packages}/kubernetes-models/_schemas/IoK8sApi${capital(group.split(".")[0])}${capital(version)}${kind}.js`).validate;
}

// The schemas are compiled to functions that read each field that they know, and pass over the others. So the value is
// handed to them in a wrapper that notes what is read; a map, whose names are free, is walked through as a whole.
function watched(value, path, unread) {
    if (value === null || typeof value !== "object") return value;
    const names = new Map(Object.keys(value).map(name => [name, `${path}/${name}`]));
    for (const place of names.values()) unread.add(place);
    const children = new Map();
    return new Proxy(value, {
        get(target, name) {
            if (!names.has(name)) return target[name];
            unread.delete(names.get(name));
            if (!children.has(name)) children.set(name, watched(target[name], names.get(name), unread));
            return children.get(name);
        },
    });
}

function problemsOf(document) {
    let validate;
    try {
        validate = schemaOf(document);
    } catch {
        return [`no schema of ${document?.apiVersion} ${document?.kind}`];
    }
    const unread = new Set();
    const isValid = validate(watched(document, "", unread));
    const errors = isValid ? [] : validate.errors.map(error => `${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`);
    return [...errors, ...[...unread].map(place => `${place}: no such field`)];
}

// By the rules of YAML 1.1, as kubectl reads it: 0440 is octal, and yes is true.
function read(text) {
    return parseAllDocuments(text, { version: "1.1" }).filter(parsed => parsed.contents !== null).map(parsed => {
        const faults = [...parsed.errors, ...parsed.warnings].map(String);
        const document = parsed.toJS();
        return { document, problems: [...faults, ...problemsOf(document)] };
    });
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
