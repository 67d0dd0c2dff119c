// Parses SQL: a JSON array of [dialect, statement] comes in, and a JSON array goes out, for each statement {"tables": [name]}
// or {"error": ...}. Names of common table expressions are left out.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// The packages are not beside this file but where `make` puts them: the first argument.
const { Parser } = createRequire(process.argv[2] + "/")("node-sql-parser");

function* expressionNames(tree) {
    if (tree === null || typeof tree !== "object") return;
    for (const { name } of Array.isArray(tree.with) ? tree.with : []) yield name.value;
    for (const branch of Object.values(tree)) yield* expressionNames(branch);
}

function parse([dialect, statement]) {
    try {
        const { ast, tableList } = new Parser().parse(statement, { database: dialect });
        const own = new Set(expressionNames(ast));
        const tables = tableList.map(entry => entry.split("::").slice(1).filter(part => part !== "null").join("."));
        return { tables: tables.filter(name => !own.has(name)) };
    } catch (error) {
        return { error: String(error.message) };
    }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(parse)));
