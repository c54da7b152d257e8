/** The live table at `/lab/`: its looks and its behaviour are files of the web page. */

import type { LabSecurity } from "./secure-front.ts";

export function tablePage(security: LabSecurity): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Isthmus lab</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/lab.js"></script>
</head>
<body class="lab-page">
<main id="lab"><noscript>The live table needs JavaScript; <a href="/lab/clients">the same as JSON</a> does not.</noscript></main>
<footer class="quiet">${escaped(wordsOf(security))}</footer>
</body>
</html>
`;
}

/** How to come by coaps, or why nobody can. */
function wordsOf(security: LabSecurity): string {
  if (security.status !== "open") return `Nobody can come by coaps: ${security.reason}.`;
  return `Clients whose key the lab was given can come by ${security.uri}.`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
