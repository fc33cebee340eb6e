"""Invented values of every kind, with check digits that hold. Nobody's: drawn from a seeded source.

Source: domain.md 4.1. Written apart from the product, so that a fault there is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_LETTERS = {letter: number for number, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}
_SURNAMES = (
    "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙"
    "顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁卓馬阮董唐溫藍蔣石古紀姚連馮歐程湯黎田康姜白汪鄒尤巫鐘"
)
_COMPOUND = ("歐陽", "張簡", "范姜", "司徒", "上官", "諸葛")
_GIVEN = (
    "明華美志淑雅怡俊冠宇婷宜柏翰詩涵思妤家豪佳玲建宏文玉惠英秀珍麗芬嘉欣承恩品睿子晴宥彥廷皓"
    "軒昱辰羽彤若曦晨熙芷瑄沛霖弘毅瑋哲維倫景仁耀德永昌坤松福來添丁阿水金龍鳳嬌月桃春梅秋菊"
)
_TOWNS = (
    "臺北市文山區",
    "新北市三重區",
    "桃園市中壢區",
    "臺中市北屯區",
    "臺南市安平區",
    "高雄市前鎮區",
    "宜蘭縣羅東鎮",
    "花蓮縣吉安鄉",
    "彰化縣員林市",
    "屏東縣潮州鎮",
)
_ROADS = (
    "中正路",
    "民生東路二段",
    "和平街",
    "福德路",
    "光復北路",
    "忠孝路三段",
    "大同街",
    "自強路",
    "文化二路",
    "仁愛街",
    "水源路",
    "山佳街",
    "學府路",
)


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def name(random: Random) -> str:
    """A person's name of two to four characters."""
    surname = random.choice(_COMPOUND) if random.random() < 0.03 else random.choice(_SURNAMES)
    if random.random() < 0.03:
        surname += random.choice(_SURNAMES)
    return surname + "".join(random.choices(_GIVEN, k=1 if random.random() < 0.12 else 2))


def address(random: Random) -> str:
    """A postal address."""
    said = random.choice(_TOWNS) + random.choice(_ROADS)
    if random.random() < 0.4:
        said += f"{random.randint(2, 399)}巷"
        if random.random() < 0.4:
            said += f"{random.randint(2, 60)}弄"
    said += f"{random.randint(1, 699)}號"
    if random.random() < 0.5:
        said += f"{random.randint(2, 22)}樓"
        if random.random() < 0.4:
            said += f"之{random.randint(1, 12)}"
    return said


def national_id(random: Random) -> str:
    """國民身分證統一編號."""
    return _checked(random, random.choice("12"))


def ui_number(random: Random) -> str:
    """新式外來人口統一證號."""
    return _checked(random, random.choice("89"))


def _checked(random: Random, second: str) -> str:
    letter = random.choice(list(_LETTERS))
    body = second + _digits(random, 7)
    tens, ones = divmod(_LETTERS[letter], 10)
    total = tens + ones * 9
    total += sum(int(digit) * weight for digit, weight in zip(body, range(8, 0, -1), strict=True))
    return f"{letter}{body}{-total % 10}"


def ubn(random: Random) -> str:
    """營利事業統一編號 (rule of 2023: divisible by 5)."""
    while True:
        digits = _digits(random, 8)
        products = [int(a) * b for a, b in zip(digits, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)]
        total = sum(sum(divmod(each, 10)) for each in products)
        if total % 5 == 0 and digits[0] != "0":
            return digits


def mobile(random: Random) -> str:
    """A mobile number, written in one of the usual ways."""
    digits = "09" + _digits(random, 8)
    return random.choice(
        (
            digits,
            f"{digits[:4]}-{digits[4:]}",
            f"{digits[:4]}-{digits[4:7]}-{digits[7:]}",
            f"{digits[:4]} {digits[4:7]} {digits[7:]}",
        )
    )


def landline(random: Random) -> str:
    """A private landline."""
    area, size = random.choice((("02", 8), ("04", 8), ("07", 7), ("03", 7), ("06", 7)))
    number = random.choice("2345678") + _digits(random, size - 1)
    return random.choice(
        (f"({area}){number}", f"{area}-{number}", f"{area}-{number[:-4]}-{number[-4:]}")
    )


def birth(random: Random) -> str:
    """A date of birth by the years of the Republic."""
    year, month, day = random.randint(30, 105), random.randint(1, 12), random.randint(1, 28)
    return random.choice(
        (
            f"民國{year}年{month}月{day}日",
            f"{year}年{month}月{day}日",
            f"{year}.{month:02}.{day:02}",
            f"{year}/{month}/{day}",
        )
    )


def credit_card(random: Random) -> str:
    """A card number that passes Luhn's rule."""
    first = random.choice(("4", "51", "52", "53", "54", "55"))
    body = first + _digits(random, 15 - len(first))
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    whole = f"{body}{-total % 10}"
    return random.choice((whole, "-".join(whole[at : at + 4] for at in range(0, 16, 4))))


def bank_account(random: Random) -> str:
    """Bank code and account."""
    return (
        f"{random.choice(('004', '822', '700', '812'))}-{_digits(random, random.choice((12, 14)))}"
    )


def plate(random: Random) -> str:
    """A number plate of seven signs; since 2012 without I, O and 4."""
    letters = "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=3))
    return f"{letters}-{''.join(random.choices('012356789', k=4))}"


def email(random: Random) -> str:
    """A private mail address."""
    name = "".join(random.choices("abcdefghijklmnoprstuwy", k=random.randint(4, 9)))
    return f"{name}{random.randint(1, 99)}@mail.example.tw"


def passport(random: Random) -> str:
    """A passport's number."""
    return "3" + _digits(random, 8)


def nhi_card(random: Random) -> str:
    """A health card's number."""
    return "0000" + _digits(random, 8)


def carrier(random: Random) -> str:
    """A mobile barcode for invoices."""
    return "/" + "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789+-.", k=7))


def ipv4(random: Random) -> str:
    """An address kept for documentation (RFC 5737)."""
    return f"203.0.113.{random.randint(1, 254)}"


def chart_number(random: Random) -> str:
    """病歷號."""
    return _digits(random, random.choice((7, 8)))


VALUES: dict[str, Callable[[Random], str]] = {
    "PERSON": name,
    "ADDRESS": address,
    "tw_national_id": national_id,
    "tw_ui_number_new": ui_number,
    "tw_ubn": ubn,
    "tw_mobile": mobile,
    "tw_landline": landline,
    "tw_birth_roc": birth,
    "credit_card": credit_card,
    "bank_account": bank_account,
    "plate_car_new": plate,
    "email": email,
    "tw_passport": passport,
    "tw_nhi_card": nhi_card,
    "einvoice_carrier": carrier,
    "ipv4": ipv4,
    "mrn": chart_number,
}
"""Kind of a mark → a source of values."""
