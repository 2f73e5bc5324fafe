import { describe, expect, it } from "vitest";
import { ALL, addressOf, asked, dayOf, type Filter, isByLikeness, queryOf, readPlace } from "./filter";

const FILTER: Filter = {
  source: "bin",
  words: "a cat & a dog, 100%?",
  like: "a cat / a dog?",
  near: "",
  vector: "",
  model: "sub/model #1.safetensors",
  tags: ["best", "猫"],
  collection: "c1",
  favourite: true,
  from: "2026-11-01",
  to: "2026-11-23",
  least: 512,
  most: 1024,
  order: "oldest",
};

describe("the address of the gallery", () => {
  it("holds the whole filter and what is open", () => {
    expect(readPlace(addressOf(FILTER, { show: "x1" }))).toEqual({
      filter: FILTER,
      show: "x1",
      compare: null,
      map: false,
    });
    expect(readPlace(addressOf(ALL, { map: true })).map).toBe(true);
    expect(readPlace(addressOf(ALL, { compare: ["x1", "x2"] })).compare).toEqual(["x1", "x2"]);
  });

  it("names one thing at most that pictures are to be like", () => {
    const read = readPlace("/gallery/like=cat&near=x1&vector=AAAA").filter;
    expect([read.like, read.near, read.vector]).toEqual(["cat", "", ""]);
    expect(isByLikeness(read)).toBe(true);
    expect(isByLikeness(ALL)).toBe(false);
    expect(queryOf({ ...ALL, near: "x1" })).toMatchObject({ near: "x1", like: undefined });
  });

  it("is plain where all is shown", () => {
    expect(addressOf(ALL)).toBe("/gallery");
    expect(readPlace("/gallery")).toEqual({ filter: ALL, show: "", compare: null, map: false });
  });

  it("has nothing that would end it early", () => {
    expect(addressOf(FILTER).replace("/gallery/", "")).not.toMatch(/[/?#]/);
  });

  it("is read without trust", () => {
    const read = readPlace(
      "/gallery/in=elsewhere&from=yesterday&least=-3&most=many&order=random&compare=one",
    ).filter;
    expect(read).toEqual(ALL);
  });
});

describe("what the server is asked", () => {
  it("leaves out what is not asked for", () => {
    const query = queryOf(ALL);
    expect(JSON.parse(JSON.stringify(query))).toEqual({ kind: "images", folder: "output", order: "newest" });
  });

  it("covers both days wholly", () => {
    const { since = 0, until = 0 } = queryOf({ ...ALL, from: "2026-11-23", to: "2026-11-23" });
    expect(since).toBe(new Date(2026, 10, 23).getTime() / 1000);
    expect(Math.round(until)).toBe(new Date(2026, 10, 24).getTime() / 1000);
    expect(until).toBeLessThan(new Date(2026, 10, 24).getTime() / 1000);
  });

  it("looks for what is in the bin in all folders", () => {
    expect(queryOf(FILTER)).toMatchObject({ deleted: true, folder: undefined });
  });
});

it("what is asked for is counted once each", () => {
  expect(asked(ALL)).toBe(0);
  expect(asked(FILTER)).toBe(9);
});

it("a day is that of the clock on the wall", () => {
  expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
});
