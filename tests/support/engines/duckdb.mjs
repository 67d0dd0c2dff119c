// Runs SQL on a DuckDB in memory: a line of JSON comes in for each request ({"sql": ...}), and a line of JSON goes out
// ({"rows": [{column: value}]} or {"error": ...}). Values are as DuckDB prints them in JSON: strings, but for booleans and null.
import { createRequire } from "node:module";
import readline from "node:readline";

// The packages are not beside this file but where `make` puts them: the first argument.
const { DuckDBInstance } = createRequire(process.argv[2] + "/")("@duckdb/node-api");

const connection = await (await DuckDBInstance.create(":memory:")).connect();
for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
        const reader = await connection.runAndReadAll(JSON.parse(line).sql);
        answer = { rows: reader.getRowObjectsJson() };
    } catch (error) {
        answer = { error: String(error.message) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
}
