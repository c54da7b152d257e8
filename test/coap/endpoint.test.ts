import { describe, expect, it } from "vitest";
import { Code } from "../../src/coap/message.ts";
import { CoapError } from "../../src/coap/request.ts";
import { asText, pair, text } from "./peers.ts";

describe("an endpoint", () => {
  it("asks and is answered, both ways", async () => {
    const { near, far } = pair();
    far.onRequest(({ path, query, accept }) => ({
      code: Code.Content,
      format: 0,
      payload: text(`${path.join("/")}?${query.join("&")} ${accept ?? "any"}`),
    }));
    near.onRequest(() => ({ code: Code.Changed }));

    const answer = await near.request({
      code: Code.GET,
      path: ["3303", "0"],
      query: ["pmin=1", "pmax=2"],
      accept: 110,
    });
    expect(answer.status).toBe("answered");
    if (answer.status !== "answered") return;
    expect(answer.response).toMatchObject({ code: Code.Content, format: 0 });
    expect(asText(answer.response.payload)).toBe("3303/0?pmin=1&pmax=2 110");

    expect(await far.request({ code: Code.PUT, path: ["3", "0"], payload: text("x") })).toMatchObject({
      status: "answered",
      response: { code: Code.Changed },
    });
  });

  it("turns a CoapError into its response and any other error into 5.00 without its words", async () => {
    const { near, far } = pair();
    far.onRequest(({ path }) => {
      if (path[0] === "theirs") throw new CoapError(Code.NotFound, "no such instance");
      return Promise.reject(new Error("secret"));
    });
    const theirs = await near.request({ code: Code.GET, path: ["theirs"] });
    const ours = await near.request({ code: Code.GET, path: ["ours"] });
    expect(theirs).toMatchObject({ response: { code: Code.NotFound, payload: text("no such instance") } });
    expect(ours).toMatchObject({ response: { code: Code.InternalServerError, payload: text("") } });
  });
});
