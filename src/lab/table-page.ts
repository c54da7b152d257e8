/** The live table at `/lab/`: its looks and its behaviour are files of the web page. */

export function tablePage(): string {
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
</body>
</html>
`;
}
