/** The alternate path: Objects that stand below a path of their own at this client (LwM2M Core 1.2 §6.2.1). */

/** The request as if the Objects stood at the root, or undefined where it is about something else. */
export function belowRoot<Request extends { readonly path: readonly string[] }>(
  request: Request,
  rootPath: string,
): Request | undefined {
  const root = segmentsOf(rootPath);
  const { path } = request;
  if (!root.every((segment, i) => path[i] === segment)) return undefined;
  return { ...request, path: path.slice(root.length) };
}

/** The path without the slashes around it: what names of values begin with. */
export function nameOf(rootPath: string): string {
  return segmentsOf(rootPath).join("/");
}

const segmentsOf = (rootPath: string): string[] => rootPath.split("/").filter((segment) => segment !== "");
