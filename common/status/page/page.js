"use strict";

async function show() {
  const answer = await fetch("status.json", { cache: "no-store" });
  document.getElementById("verdict").textContent = (await answer.json()).verdict;
}

show();
