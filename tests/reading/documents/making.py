"""Documents made with others' libraries, each with marks in the places where text can stand."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import docx
import odfdo
import openpyxl
import pikepdf
import pptx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.comments import Comment
from PIL import Image
from pptx.util import Inches
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

_OUT = io.BytesIO()
Image.new("RGB", (8, 8), "red").save(_OUT, "PNG")
PIXEL = _OUT.getvalue()


def word() -> bytes:
    """A letter with marks 甲… in the body, a table, header, footer, comment, properties, hidden."""
    book = docx.Document()
    book.add_paragraph("本文甲一")
    broken = book.add_paragraph("身分證A1972")
    broken.add_run("28184號")
    table = book.add_table(rows=2, cols=2)
    for at, text in enumerate(("姓名", "出生日期", "表甲", "85.3.12")):
        table.cell(at // 2, at % 2).text = text
    section = book.sections[0]
    section.header.paragraphs[0].text = "頁首甲"
    section.footer.paragraphs[0].text = "頁尾甲"
    hidden = book.add_paragraph().add_run("隱藏甲")
    hidden.font.hidden = True
    deleted = OxmlElement("w:del")
    deleted.set(qn("w:author"), "刪除者甲")
    run = OxmlElement("w:r")
    text = OxmlElement("w:delText")
    text.text = "刪除甲"
    run.append(text)
    deleted.append(run)
    book.add_paragraph()._p.append(deleted)
    book.add_comment(book.paragraphs[0].runs, text="註解甲", author="審閱者甲", initials="審")
    book.core_properties.author = "作者甲"
    book.core_properties.keywords = "關鍵字甲"
    book.core_properties.comments = "摘要甲"
    out = io.BytesIO()
    book.save(out)
    return _with(out.getvalue(), {"docProps/custom.xml": _LABEL, "customXml/item1.xml": _CUSTOM})


_LABEL = """<?xml version="1.0"?><Properties
 xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
 xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">
<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="MSIP_Label_1_Name">
<vt:lpwstr>標籤甲</vt:lpwstr></property></Properties>"""
_CUSTOM = "<?xml version='1.0'?><c:data xmlns:c='urn:c'><c:inner>自訂甲</c:inner></c:data>"


def _with(data: bytes, more: dict[str, str]) -> bytes:
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            if info.filename not in more:
                target.writestr(info.filename, source.read(info.filename))
        for name, text in more.items():
            target.writestr(name, text)
    return out.getvalue()


WORD = """
本文甲一 A197228184 表甲 頁首甲 頁尾甲 隱藏甲 刪除甲
刪除者甲 註解甲 審閱者甲 作者甲 關鍵字甲 摘要甲 標籤甲 自訂甲
""".split()


def sheets() -> bytes:
    """A workbook with marks in cells, a hidden sheet, a comment, a formula, header, name, link."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "人員乙"
    sheet.append(["姓名", "電話"])
    sheet.append(["格乙", 912345678])
    sheet["B2"].comment = Comment("註解乙", "審閱者乙")
    sheet["D5"] = "遠處乙"
    sheet["A7"] = '="公式乙"&A2'
    sheet["A8"] = "連結"
    sheet["A8"].hyperlink = "https://example.tw/連結乙"
    sheet.oddHeader.center.text = "頁首乙"
    secret = book.create_sheet("隱藏表乙")
    secret["A1"] = "隱藏格乙"
    secret.sheet_state = "veryHidden"
    book.properties.creator = "作者乙"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SHEETS = """
人員乙 格乙 912345678 註解乙 審閱者乙 遠處乙 公式乙 連結乙
頁首乙 隱藏表乙 隱藏格乙 作者乙
""".split()


def slides() -> bytes:
    """A presentation with marks on a slide, in a table, in notes, as alternative text."""
    book = pptx.Presentation()
    slide = book.slides.add_slide(book.slide_layouts[5])
    slide.shapes.title.text = "標題丙"
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1))
    box.text_frame.text = "方塊丙"
    box._element.nvSpPr.cNvPr.set("descr", "替代丙")
    table = slide.shapes.add_table(1, 2, Inches(1), Inches(3), Inches(4), Inches(1)).table
    table.cell(0, 0).text = "表丙"
    slide.notes_slide.notes_text_frame.text = "備忘丙"
    book.core_properties.author = "作者丙"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SLIDES = ["標題丙", "方塊丙", "替代丙", "表丙", "備忘丙", "作者丙"]


def open_text() -> bytes:
    """An ODT with marks in the body, a table, an annotation, header, properties."""
    book = odfdo.Document("text")
    book.body.clear()
    paragraph = odfdo.Paragraph("本文丁一")
    paragraph.insert_annotation(odfdo.Annotation("註解丁", creator="審閱者丁"), after="本文")
    book.body.append(paragraph)
    table = odfdo.Table("表名丁", width=2, height=1)
    table.set_value("A1", "表丁")
    book.body.append(table)
    book.meta.title = "題名丁"
    book.meta.set_user_defined_metadata("機密等級", "標籤丁")
    style = odfdo.Element.from_tag(
        '<style:master-page style:name="M"><style:header><text:p>頁首丁</text:p></style:header>'
        "</style:master-page>"
    )
    book.get_part("styles").get_element("//office:master-styles").append(style)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


OPEN_TEXT = "本文丁一 註解丁 審閱者丁 表丁 題名丁 標籤丁 頁首丁".replace("本文丁一 ", "").split()


def portable(pages: int = 1, *, picture: bool = False) -> bytes:
    """A PDF with marks on a page, in an annotation, a bookmark, properties, an attachment."""
    pdfmetrics.registerFont(UnicodeCIDFont("MSung-Light"))
    out = io.BytesIO()
    book = canvas.Canvas(out)
    for number in range(pages):
        if picture:
            book.drawImage(ImageReader(io.BytesIO(PIXEL)), 10, 10, 500, 700)
        else:
            book.setFont("MSung-Light", 14)
            book.drawString(72, 700, f"第{number + 1}頁戊 A197228184")
        if number == 0:
            book.bookmarkPage("a")
            book.addOutlineEntry("書籤戊", "a")
            book.textAnnotation("註解戊", Rect=(10, 10, 50, 50))
        book.showPage()
    book.setAuthor("作者戊")
    book.save()
    if picture:
        return out.getvalue()
    with pikepdf.open(io.BytesIO(out.getvalue())) as made:
        made.attachments["附件戊.txt"] = "附件內文戊".encode()
        whole = io.BytesIO()
        made.save(whole)
    return whole.getvalue()


PORTABLE = ["第1頁戊", "註解戊", "書籤戊", "作者戊", "附件戊.txt", "附件內文戊"]


def mail() -> bytes:
    """A message with marks in headers, both alternatives, a hidden comment, attachments."""
    message = EmailMessage()
    message["From"] = "寄件己 <a@example.tw>"
    message["Subject"] = "主旨己"
    message["X-Note"] = "附註己"
    message.set_content("文字己")
    message.add_alternative(
        "<html><head><title>題己</title></head><body><p style='display:none'>隱藏己</p>"
        "<!-- 註解己 --><img alt='替代己'></body></html>",
        subtype="html",
    )
    message.add_attachment(
        word(), maintype="application", subtype="octet-stream", filename="附件己.docx"
    )
    return message.as_bytes()


MAIL = [
    *["寄件己", "主旨己", "附註己", "文字己", "題己", "隱藏己", "註解己", "替代己", "附件己.docx"],
    *WORD,
]


def packed(**files: bytes) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


LETTER = """<?xml version="1.0" encoding="{codec}"?>
<!DOCTYPE 函 SYSTEM "104_2_utf8.dtd" [<!ENTITY ATTCH1 SYSTEM "附件庚.pdf" NDATA _X>
<!NOTATION _X SYSTEM "">]>
<函><發文機關><全銜>示範機關庚</全銜></發文機關><受文者><文字>王小庚</文字></受文者>
<密等及解密條件或保密期限>{level}</密等及解密條件或保密期限>
<主旨><文字>主旨庚</文字></主旨>
<段落 段名="說明："><條列 序號="一、"><文字>條列庚</文字></條列></段落>
<!-- 註解庚 --></函>"""
LEVELS = {
    "attribute": '<密等 代碼="密"/><解密條件或保密期限/>',
    "text": "<密等>密</密等><解密條件或保密期限/>",
    "sibling": "<密等/><解密條件或保密期限>密（本件於公布時解密）</解密條件或保密期限>",
}


def letter(level: str, codec: str = "utf-8") -> bytes:
    """A 公文 exchange file with its level in one of three forms."""
    return LETTER.format(level=LEVELS[level], codec=codec).encode(codec)


LETTER_SAYS = ["示範機關庚", "王小庚", "主旨庚", "條列庚", "註解庚", "說明："]


def drawn(*lines: str, font: str | None = None, mode: str = "RGB", turned: int = 0) -> Image.Image:
    """A picture with lines of text, as a scanner gives them."""
    from PIL import ImageDraw, ImageFont

    letters = ImageFont.truetype(font, 30, index=3) if font else ImageFont.load_default(30)
    picture = Image.new("RGBA", (900, 80 + 60 * len(lines)), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((40, 40 + 60 * number), line, fill="black", font=letters)
    if mode == "RGB":
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB").rotate(turned, expand=True)
    return picture


def filed(*pictures: Image.Image, form: str = "PNG") -> bytes:
    """The pictures as one file."""
    out = io.BytesIO()
    first, *others = pictures
    if others:
        first.save(out, form, save_all=True, append_images=others)
    else:
        first.save(out, form)
    return out.getvalue()


def scanned(pages: int, *lines: str) -> bytes:
    """A PDF of scanned pages."""
    out = io.BytesIO()
    book = canvas.Canvas(out)
    page = ImageReader(drawn(*lines))
    for _ in range(pages):
        book.drawImage(page, 20, 400, 540, 540 * page.getSize()[1] / page.getSize()[0])
        book.showPage()
    book.save()
    return out.getvalue()
