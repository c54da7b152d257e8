import { describe, expect, it } from "vitest";
import { findTestOpenssl, titled } from "../../support/openssl-server.ts";
import { SecureScene } from "../../support/secure-scene.ts";

const found = await findTestOpenssl();

describe.skipIf(!found.openssl)(titled("OpenSSL at both ends", found), () => {
  const openssl = found.openssl!;

  it("agrees on a line with a pre-shared key, and carries bytes both ways", () => {
    const scene = new SecureScene(openssl).shake().say("hello");
    expect(scene.failure).toBeUndefined();
    expect(scene.facts).toMatchObject({
      suite: "TLS_PSK_WITH_AES_128_CCM_8",
      extendedMasterSecret: true,
      resumed: false,
    });
    expect(scene.payloads).toEqual(["hello"]);
    expect(Buffer.from(scene.echo.opens[0]?.facts.identity ?? []).toString()).toBe("dev1");
    scene.end();
  });

  it.skipIf(!found.canLose)("gets there when three in ten datagrams are lost each way", () => {
    let opened = 0;
    for (let seed = 0; seed < 40; seed++) {
      const scene = new SecureScene(openssl, { seed, roughness: { loss: 0.3, duplication: 0.2, reordering: 0.2 } });
      if (scene.shake().facts !== undefined) opened += 1;
      scene.end();
    }
    expect(opened).toBeGreaterThanOrEqual(38);
  });
});
