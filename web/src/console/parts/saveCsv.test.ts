import { describe, expect, it } from "vitest";
import { csvOf } from "./saveCsv";

describe("csvOf", () => {
  it("quotes what must be quoted and keeps formulas from running", () => {
    expect(csvOf([["a", 'b "c"'], ["=1+1", "$1,250.00"], ["-5", "@x"]])).toBe(
      '\ufeffa,"b ""c"""\r\n\'=1+1,"$1,250.00"\r\n-5,\'@x\r\n',
    );
  });
});
