// The Anthropic client for Node, unmodified: runs one scenario and prints what it saw as JSON.
import Anthropic from "@anthropic-ai/sdk";

const [, , baseURL, apiKey, scenario] = process.argv;
let hits = 0;
const client = new Anthropic({
  baseURL,
  apiKey,
  fetch: (...args) => {
    hits += 1;
    return fetch(...args);
  },
});
const model = "cloud/echo";
const personal = "請查詢王小明（身分證字號 A123456789）住在哪裡？";
const plain = "請說明公文的三段式格式。";
const asked = (content) => ({ model, max_tokens: 99, messages: [{ role: "user", content }] });
const ask = async (content) => (await client.messages.create(asked(content))).content[0].text;

const scenarios = {
  answered: () => ask(plain),
  streamed: async () => {
    const stream = client.messages.stream(asked("請潤飾：陳情人王小明，電話0912-345-678。"));
    let text = "";
    stream.on("text", (piece) => {
      text += piece;
    });
    const whole = await stream.finalMessage();
    return { text, whole: whole.content[0].text, reason: whole.stop_reason };
  },
  refused: async (stream = false) => {
    try {
      await client.messages.create({ ...asked(personal), stream });
      return "not refused";
    } catch (error) {
      return {
        name: error.constructor.name,
        status: error.status,
        requestID: error.requestID,
        error: error.error.error,
        next: await ask(plain),
      };
    }
  },
  refusedStream: () => scenarios.refused(true),
};

const result = await scenarios[scenario]();
console.log(JSON.stringify({ result, hits }));
