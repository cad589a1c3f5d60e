import { describe, expect, test } from "vitest";
import { SseParser } from "./parser";

function parse(...chunks: string[]): string[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

describe("SseParser", () => {
  test("gives the data of each complete event", () => {
    expect(parse('data: {"a":1}\n\ndata: {"b":2}\n\n')).toEqual(['{"a":1}', '{"b":2}']);
  });

  test("does not care where the chunks are cut", () => {
    const text =
      'data: {"token":"héllo"}\r\n\r\n: comment\ndata: one\ndata: two\n\nevent: x\nid: 7\ndata:3\n\n';
    const whole = ['{"token":"héllo"}', "one\ntwo", "3"];

    for (let cut = 0; cut <= text.length; cut++) {
      expect(parse(text.slice(0, cut), text.slice(cut))).toEqual(whole);
    }
    expect(parse(...text)).toEqual(whole);
  });

  test.each(["\n", "\r\n", "\r"])("ends lines with %j", (end) => {
    expect(parse(`data: a${end}${end}data: b${end}${end}`, "data")).toEqual(["a", "b"]);
  });

  test("keeps spaces after the first, and a line of data without any", () => {
    expect(parse("data:  two spaces\n\ndata\n\n")).toEqual([" two spaces", ""]);
  });

  test("gives nothing for comments and for an event that was cut off", () => {
    expect(parse(": heartbeat\n\n", "data: unfinished\n")).toEqual([]);
  });
});
