-- Every prompt of the load is different: a letter of about 1 KB from shuffled sentences and figures.
local parts = {
  "依據本府一百一十五年度施政計畫，請各單位就轄管業務盤點現行作業流程",
  "本案經提報主管會報討論，決議由業務單位彙整各方意見後另案簽辦",
  "為提升公共服務品質，擬辦理教育訓練課程並邀請各機關派員參加",
  "請就附件所列經費概算表逐項檢視，如有增刪修正請於期限內回復",
  "有關道路養護工程之進度，請施工廠商加派人力並於下次會議說明",
  "旨揭要點業經修正發布，相關條文對照表請至本府全球資訊網下載",
  "請協助將下列會議紀錄整理為條列重點，語氣正式並保留各項決議",
  "本次研商會議結論：請資訊單位評估系統介接可行性並提出時程規劃",
}
local n = 0
local seed = tonumber(os.getenv("BENCH_SEED") or "1")
local stream = os.getenv("BENCH_STREAM") == "1"
local personal = os.getenv("BENCH_PERSONAL") == "1"
local model = os.getenv("BENCH_MODEL") or "bench"
local key = os.getenv("BENCH_KEY") or "none"
local thread = 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function init() math.randomseed(seed * 1000 + (id or 0)) end
function request()
  n = n + 1
  local text = {}
  for i = 1, 10 do
    text[#text + 1] = parts[math.random(#parts)] .. "（第" .. math.random(1, 99999) .. "項）。"
  end
  if personal then text[5] = "陳情人電話0912-" .. math.random(100, 999) .. "-" .. math.random(100, 999) .. "。" end
  local body = '{"model":"' .. model .. '","messages":[{"role":"user","content":"' ..
    n .. '：' .. table.concat(text) .. '"}]' .. (stream and ',"stream":true' or '') .. '}'
  return wrk.format("POST", os.getenv("BENCH_PATH") or "/v1/chat/completions",
    {["content-type"] = "application/json", ["authorization"] = "Bearer " .. key,
     ["x-portkey-provider"] = "openai", ["x-portkey-custom-host"] = os.getenv("BENCH_CUSTOM_HOST") or ""}, body)
end
