"""Addresses: by the grammar and the gazetteer, with a number, never a road alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspection.driving import found, growth, hits

from shenyong.inspection.addresses import COUNTIES, Addresses

POSITIVE = [
    ("住址：臺北市中正區仁愛路一段1號", "臺北市中正區仁愛路一段1號"),
    ("新北市板橋區中山路一段161號25樓", "新北市板橋區中山路一段161號25樓"),
    ("106 台北市大安區和平東路二段106號", "106 台北市大安區和平東路二段106號"),
    ("嘉義縣太保市祥和里5鄰祥和一路東段1號3樓之2", "嘉義縣太保市祥和里5鄰祥和一路東段1號3樓之2"),
    ("臺中市西屯區臺灣大道三段99號", "臺中市西屯區臺灣大道三段99號"),
    ("現居住於信義路五段7巷3弄12之1號8樓，近日搬遷", "信義路五段7巷3弄12之1號8樓"),
    ("家住金山里12鄰下坑15號", "金山里12鄰下坑15號"),
    ("戶籍地址為彰化縣員林市三民東街66號。", "彰化縣員林市三民東街66號"),
    ("（臺南市東區崇明路218巷7號3樓）", "臺南市東區崇明路218巷7號3樓"),
    ("住址：屏東縣潮州鎮光華路35之2號。", "屏東縣潮州鎮光華路35之2號"),
    ("共有雲林縣斗南鎮田頭段一二三地號土地", "雲林縣斗南鎮田頭段一二三地號"),
    ("設籍高雄市苓雅區四維三路２號１０樓", "高雄市苓雅區四維三路２號１０樓"),
    ("臺北市信義區市府路三十二號五樓", "臺北市信義區市府路三十二號五樓"),
    ("住南投縣仁愛鄉大同村仁和路 5 號", "南投縣仁愛鄉大同村仁和路 5 號"),
    ("花蓮縣秀林鄉富世村3鄰民樂25號", "花蓮縣秀林鄉富世村3鄰民樂25號"),
    ("寄到中山北路二段48巷5號即可", "中山北路二段48巷5號"),
    ("(220)新北市板橋區文化路一段23號4樓之5", "(220)新北市板橋區文化路一段23號4樓之5"),
    ("桃園市中壢區中央西路二段30-1號", "桃園市中壢區中央西路二段30-1號"),
    ("金門縣金城鎮民生路60號", "金門縣金城鎮民生路60號"),
    ("連江縣南竿鄉介壽村76號", "連江縣南竿鄉介壽村76號"),
    ("澎湖縣馬公市西文里3鄰西文澳12號", "澎湖縣馬公市西文里3鄰西文澳12號"),
    ("新竹市東區光復路二段101號A棟 305室", "新竹市東區光復路二段101號A棟 305室"),
    ("均住臺中市大肚區沙田路二段文昌巷15之8號。", "臺中市大肚區沙田路二段文昌巷15之8號"),
    ("桃園市桃園區大林里樹仁三街58號B1", "桃園市桃園區大林里樹仁三街58號B1"),
    ("地址是新竹縣竹北市光明六路10號3F", "新竹縣竹北市光明六路10號3F"),
    ("土地坐落臺中市北屯區松竹段一小段123-4地號", "臺中市北屯區松竹段一小段123-4地號"),
    ("宜蘭縣羅東鎮中正街5巷2弄8號", "宜蘭縣羅東鎮中正街5巷2弄8號"),
    (
        "No. 7, Sec. 5, Xinyi Rd., Xinyi Dist., Taipei City 110",
        "No. 7, Sec. 5, Xinyi Rd., Xinyi Dist., Taipei City 110",
    ),
    ("和平東路二段106號和自由路1號", "和平東路二段106號|自由路1號"),
    ("臺東縣蘭嶼鄉紅頭村1鄰5號", "臺東縣蘭嶼鄉紅頭村1鄰5號"),
]

NEGATIVE = [
    "憲法第1號解釋",
    "院台經字第1150000001號",
    "中山路",
    "仁愛路一段",
    "第三號候選人",
    "本府路平專案第2期",
    "依115年1月2日府路字第1150001號函辦理",
    "中山路與中正路口",
    "臺北市政府市區道路第3號公告",
    "司法院釋字第603號解釋",
    "國際勞工公約第87號",
    "一、二、三號運動公園",
    "本市路燈共1,200盞",
    "道路寬度8公尺以上之路段",
    "村里辦公處應於每月召開會議",
    "鄰里公園預定地",
    "臺北市大安區公所",
    "板橋區農會",
    "國道1號五股交流道",
    "省道台9線",
    "公車307號於中山路停靠",
    "捷運板南線出口3號",
    "第12號颱風警報",
    "附表一第5號規定",
    "高雄市前鎮區第5選舉區",
    "鄉鎮市調解條例第二十六條",
    "段考第3號試卷",
    "巷弄長照站",
]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(("text", "address"), POSITIVE)
def test_addresses_are_found_whole(text: str, address: str) -> None:
    assert found(Addresses, text) == address.split("|")


@pytest.mark.parametrize("text", NEGATIVE)
def test_numbers_and_roads_alone_are_no_addresses(text: str) -> None:
    assert found(Addresses, text) == []


def test_the_gazetteer_is_complete() -> None:
    assert len(COUNTIES) == 22
    assert sum(map(len, COUNTIES.values())) == 368


def test_a_known_pair_of_county_and_township_is_surer() -> None:
    assert hits(Addresses, "臺北市中正區仁愛路一段1號")[0].confidence > 0.9
    assert hits(Addresses, "仁愛路一段1號")[0].confidence < 0.8


def test_written_sentences() -> None:
    missed = []
    for name in ("sentences-60", "sentences-36"):
        path = Path(__file__).parents[2] / f"../shared/data/ner/{name}.jsonl"
        if not path.exists():
            pytest.skip("the shared sentences are not here")
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            gold = [(low, high) for low, high, kind in row["spans"] if kind == "ADDRESS"]
            got = [(hit.start, hit.end) for hit in hits(Addresses, row["text"])]
            # The gold of a parcel stops before its number; the number belongs to it.
            if [start for start, _ in got] != [low for low, _ in gold] or any(
                end < high for (_, end), (_, high) in zip(got, gold, strict=True)
            ):
                missed.append(row["text"])
    assert missed == []


@given(st.text(alphabet="臺北市中正區仁愛路一段1號之樓巷弄 村里鄰地2-", max_size=50))
@settings(max_examples=150, deadline=None)
def test_findings_lie_inside_and_apart(text: str) -> None:
    last = 0
    for hit in hits(Addresses, text):
        assert last <= hit.start < hit.end <= len(text)
        last = hit.end


@pytest.mark.parametrize("unit", ["中山路1號", "段1", "臺北市中正區", "路一二三"])
def test_long_text_costs_no_more_than_its_length(unit: str) -> None:
    assert growth(Addresses, unit) < 8  # linear: 4; quadratic: 16
