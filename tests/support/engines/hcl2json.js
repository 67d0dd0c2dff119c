// Prints what the files named hold, each parsed by Terraform's own parser: {file: tree}. An expression is "${...}".
const { parse } = require("@cdktf/hcl2json");
const { readFileSync } = require("fs");

(async () => {
    const trees = {};
    for (const file of process.argv.slice(2)) trees[file] = await parse(file, readFileSync(file, "utf8"));
    console.log(JSON.stringify(trees));
})();
