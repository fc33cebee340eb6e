// openai-node, unmodified: runs one scenario and prints what the client saw as JSON.
import OpenAI from "openai";

const [, , baseURL, apiKey, scenario] = process.argv;
let hits = 0;
const client = new OpenAI({
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
const ask = (content, more = {}) =>
  client.chat.completions.create({ model, messages: [{ role: "user", content }], ...more });

async function read(stream) {
  let text = "";
  let finish = null;
  for await (const event of stream) {
    text += event.choices[0]?.delta?.content ?? "";
    finish = event.choices[0]?.finish_reason ?? finish;
  }
  return { text, finish };
}

const scenarios = {
  answered: async () => (await ask(plain)).choices[0].message.content,
  streamed: async () => read(await ask(plain, { stream: true })),
  redacted: async () => read(await ask("請潤飾：陳情人王小明，電話0912-345-678。", { stream: true })),
  models: async () => (await client.models.list()).data.map((each) => each.id),
  refused: async (stream = false) => {
    try {
      await ask(personal, { stream });
      return "not refused";
    } catch (error) {
      const next = (await ask(plain)).choices[0].message.content;
      return {
        name: error.constructor.name,
        status: error.status,
        code: error.code,
        param: error.param,
        requestID: error.requestID,
        message: error.message,
        next,
      };
    }
  },
  refusedStream: async () => scenarios.refused(true),
  responses: async () => {
    const whole = await client.responses.create({ model, input: plain });
    const stream = client.responses.stream({ model, input: "請潤飾：陳情人王小明的來信。" });
    const final = await stream.finalResponse();
    let refused = null;
    try {
      await client.responses.create({ model, input: personal });
    } catch (error) {
      refused = { status: error.status, code: error.code, param: error.param };
    }
    return { whole: whole.output_text, streamed: final.output_text, status: final.status, refused };
  },
};

const result = await scenarios[scenario]();
console.log(JSON.stringify({ result, hits }));
