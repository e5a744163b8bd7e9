"""Common given and family names in twenty-five languages and thirteen scripts, in the order and forms their speakers use."""

import unicodedata
from typing import Final, NamedTuple

# Letters that Unicode does not decompose into a Latin letter and a mark.
_LATIN: Final = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "Ae"}
)


class FullName(NamedTuple):
    """A name as its bearer writes it, and its parts in the letters an e-mail address takes."""

    given: str
    family: str
    full: str
    given_latin: str
    family_latin: str


class Names(NamedTuple):
    """The names of one language: women's and men's, since family names agree with them in some languages.

    Words are parted by commas; `native=latin` where the Latin spelling cannot be had by dropping marks. `order` says how
    the parts make the whole.
    """

    women: tuple[str, str]
    men: tuple[str, str]
    order: str = "{given} {family}"


def every_full_name(names: Names) -> list[FullName]:
    """All combinations of given and family names, women's first."""
    return [
        FullName(given, family, names.order.format(given=given, family=family), given_latin, family_latin)
        for givens, families in (names.women, names.men)
        for given, given_latin in _words(givens)
        for family, family_latin in _words(families)
    ]


def _words(text: str) -> list[tuple[str, str]]:
    pairs = []
    for word in text.split(","):
        native, _, latin = word.strip().partition("=")
        pairs.append((native, latin or _in_latin(native)))
    return pairs


def _in_latin(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_LATIN)).lower()
    return "".join(letter for letter in plain if "a" <= letter <= "z")


def _same(women: str, men: str, family: str, order: str = "{given} {family}") -> Names:
    return Names((women, family), (men, family), order)


NAMES: Final = {
    "en": _same(
        "Olivia, Amelia, Charlotte, Grace, Emily, Hannah, Zoë, Abigail, Naomi, Ruth",
        "James, William, Oliver, Henry, Thomas, Daniel, Samuel, Noah, Owen, Liam",
        "Smith, Johnson, Williams, Brown, Taylor, Davies, Wilson, Walker, O'Connor, Murphy, Campbell, Clarke, Hughes, Parker-Jones",
    ),
    "de": _same(
        "Anna, Lena, Käthe, Sabine, Jördis, Ute, Mareike, Franziska, Renate",
        "Jörg, Günther, Björn, Lukas, Matthias, Sören, Felix, Uwe, Jonas",
        "Müller, Schröder, Weiß, Köhler, Groß, Jäger, Schäfer, Becker, Hoffmann, Krüger, von Berg, Lange",
    ),
    "fr": _same(
        "Chloé, Élodie, Zoé, Hélène, Aurélie, Inès, Maëlle, Noémie, Jeanne",
        "François, Jérôme, Théo, Loïc, Rémi, Benoît, Étienne, Jean-Luc, Mathieu",
        "Lefèvre, Dupré, Gérard, Moreau, Lemaître, Bénard, Rousseau, Besançon, Le Goff, d'Aubigné, Fournier, Girard",
    ),
    "es": _same(
        "María José, Lucía, Sofía, Inés, Begoña, Carmen, Belén, Rocío, Ángeles",
        "José María, Iñigo, Álvaro, Martín, Andrés, Joaquín, Óscar, Raúl, Hugo",
        "García, Muñoz, Núñez, Ibáñez, Peña, Rodríguez López, Fernández, Gómez, Ordóñez, Castaño, Vázquez, Ruiz de la Torre",
    ),
    "pt": _same(
        "Conceição, Luísa, Beatriz, Júlia, Letícia, Ana Clara, Antônia, Márcia",
        "João, Antônio, Luís, Thiago, Sebastião, Caetano, Vinícius, Flávio",
        "Gonçalves, Araújo, Magalhães, dos Santos, da Silva, Simões, Assunção, Oliveira, Falcão, Brandão",
    ),
    "nl": _same(
        "Sanne, Fleur, Noëlle, Anouk, Lotte, Maartje, Renée, Iris",
        "Daan, Sjoerd, Joost, Koen, René, Bram, Ruben, Thijs",
        "de Vries, van den Berg, Jansen, van 't Hof, Bakker, Visser, Meijer, de Wit, Bosch, Dekker",
    ),
    "sv": _same(
        "Åsa, Märta, Linnéa, Maja, Ebba, Saga, Annika, Kerstin",
        "Björn, Östen, Håkan, Erik, Göran, Nils, Torbjörn, Anders",
        "Åkesson, Sjöström, Öberg, Lindqvist, Bergström, Nyström, Ågren, Hedlund, Löfgren, Persson",
    ),
    "pl": Names(
        (
            "Małgorzata, Agnieszka, Zofia, Łucja, Żaneta, Elżbieta, Bożena, Joanna",
            "Kowalska, Wiśniewska, Dąbrowska, Lewandowska, Kamińska, Zielińska, Wójcik, Woźniak, Jabłońska, Sikora",
        ),
        (
            "Stanisław, Łukasz, Michał, Paweł, Władysław, Bartłomiej, Grzegorz, Jan",
            "Kowalski, Wiśniewski, Dąbrowski, Lewandowski, Kamiński, Zieliński, Wójcik, Woźniak, Jabłoński, Sikora",
        ),
    ),
    "cs": Names(
        (
            "Tereza, Kateřina, Eliška, Žaneta, Markéta, Růžena, Zdeňka, Jiřina",
            "Nováková, Dvořáková, Černá, Procházková, Kučerová, Němcová, Růžičková, Šťastná, Veselá, Křížová",
        ),
        (
            "Jiří, Tomáš, Ondřej, Matěj, Řehoř, Štěpán, Vojtěch, Zdeněk",
            "Novák, Dvořák, Černý, Procházka, Kučera, Němec, Růžička, Šťastný, Veselý, Kříž",
        ),
    ),
    "hu": _same(
        "Zsófia, Eszter, Ágnes, Ilona, Boglárka, Réka, Virág, Erzsébet",
        "László, Gergő, Balázs, Ákos, Jenő, Zoltán, György, Szabolcs",
        "Nagy, Kovács, Tóth, Szabó, Horváth, Varga, Kiss, Molnár, Győri, Szűcs",
        "{family} {given}",
    ),
    "tr": _same(
        "Ayşe, Elif, Çağla, Gülşen, Zeynep, Büşra, Sıla, Özlem",
        "İbrahim, Çağrı, Oğuz, Mehmet, Ömer, Barış, Işık, Hüseyin",
        "Yılmaz, Şahin, Çelik, Öztürk, Yıldız, Doğan, Aydın, Koç, Güneş, Kılıç",
    ),
    "vi": _same(
        "Hương, Linh, Thảo, Phương, Ngọc Ánh, Thúy, Mỹ Duyên, Hạnh",
        "Dũng, Hùng, Đức, Quân, Minh Tuấn, Khôi, Thắng, Việt",
        "Nguyễn, Trần, Lê, Phạm, Hoàng, Võ, Đặng, Bùi, Đỗ, Ngô",
        "{family} {given}",
    ),
    "uk": _same(
        "Олена=olena, Наталія=nataliia, Оксана=oksana, Ірина=iryna, Юлія=yuliia, Соломія=solomiia, Ганна=hanna",
        "Олександр=oleksandr, Андрій=andrii, Богдан=bohdan, Тарас=taras, Ігор=ihor, Євген=yevhen, Юрій=yurii",
        "Шевченко=shevchenko, Коваленко=kovalenko, Бондаренко=bondarenko, Ткаченко=tkachenko, Мельник=melnyk, Кравчук=kravchuk, Лисенко=lysenko, Їжакевич=yizhakevych",
    ),
    "bg": Names(
        (
            "Мария=maria, Елена=elena, Десислава=desislava, Йорданка=yordanka, Цветелина=tsvetelina, Радка=radka",
            "Иванова=ivanova, Георгиева=georgieva, Димитрова=dimitrova, Петрова=petrova, Стоянова=stoyanova, Ангелова=angelova, Щерева=shtereva",
        ),
        (
            "Георги=georgi, Иван=ivan, Димитър=dimitar, Стоян=stoyan, Борислав=borislav, Явор=yavor",
            "Иванов=ivanov, Георгиев=georgiev, Димитров=dimitrov, Петров=petrov, Стоянов=stoyanov, Ангелов=angelov, Щерев=shterev",
        ),
    ),
    "el": Names(
        (
            "Μαρία=maria, Ελένη=eleni, Κατερίνα=katerina, Βασιλική=vasiliki, Σοφία=sofia, Δήμητρα=dimitra, Ιωάννα=ioanna",
            "Παπαδοπούλου=papadopoulou, Βλάχου=vlachou, Αγγελοπούλου=angelopoulou, Νικολάου=nikolaou, Γεωργίου=georgiou, Οικονόμου=oikonomou, Αλεξίου=alexiou",
        ),
        (
            "Γιώργος=giorgos, Δημήτρης=dimitris, Νίκος=nikos, Κώστας=kostas, Σπύρος=spyros, Θανάσης=thanasis, Ηλίας=ilias",
            "Παπαδόπουλος=papadopoulos, Βλάχος=vlachos, Αγγελόπουλος=angelopoulos, Νικολάου=nikolaou, Γεωργίου=georgiou, Οικονόμου=oikonomou, Αλεξίου=alexiou",
        ),
    ),
    "ar": _same(
        "فاطمة=fatima, مريم=mariam, ليلى=layla, نور=nour, سلمى=salma, هدى=huda, آية=aya, رنا=rana",
        "أحمد=ahmed, محمد=mohamed, يوسف=youssef, عمر=omar, خالد=khaled, طارق=tarek, إياد=iyad, سامي=sami",
        "حسن=hassan, علي=ali, إبراهيم=ibrahim, المصري=elmasry, الخطيب=elkhatib, منصور=mansour, عبد الله=abdallah, النجار=elnaggar",
    ),
    "he": _same(
        "נועה=noa, תמר=tamar, שירה=shira, יעל=yael, מאיה=maya, רותם=rotem, אביגיל=avigail",
        "דוד=david, יוסף=yosef, איתי=itai, נועם=noam, אריאל=ariel, משה=moshe, יונתן=yonatan",
        "כהן=cohen, לוי=levi, מזרחי=mizrahi, פרץ=peretz, ביטון=biton, אברהם=avraham, פרידמן=friedman, בן־דוד=bendavid",
    ),
    "hi": _same(
        "प्रिया=priya, अनीता=anita, सुनीता=sunita, काव्या=kavya, पूजा=pooja, मीरा=meera, दीपिका=deepika",
        "राहुल=rahul, अमित=amit, विजय=vijay, संजय=sanjay, अर्जुन=arjun, रोहित=rohit, मनोज=manoj",
        "शर्मा=sharma, वर्मा=varma, गुप्ता=gupta, सिंह=singh, कुमार=kumar, पटेल=patel, मिश्रा=mishra, अग्रवाल=agrawal",
    ),
    "bn": _same(
        "নুসরাত=nusrat, সুমাইয়া=sumaiya, তানিয়া=tania, শারমিন=sharmin, রিমা=rima",
        "আরিফ=arif, হাসান=hasan, তানভীর=tanvir, সাকিব=sakib, মাহমুদ=mahmud",
        "রহমান=rahman, ইসলাম=islam, আক্তার=akter, হোসেন=hossain, চৌধুরী=chowdhury, সরকার=sarkar",
    ),
    "th": _same(
        "สมหญิง=somying, กมลชนก=kamonchanok, พิมพ์ใจ=pimjai, วรรณา=wanna, ปาริชาติ=parichat",
        "สมชาย=somchai, ธนากร=thanakorn, วีระ=weera, ณัฐพล=nattapol, ประเสริฐ=prasert",
        "ใจดี=jaidee, สุขใจ=sukjai, ทองดี=thongdee, ศรีสุข=srisuk, แก้วมณี=kaewmanee, วงศ์ไทย=wongthai",
    ),
    "zh": _same(
        "芳=fang, 娜=na, 敏=min, 静=jing, 丽华=lihua, 雪梅=xuemei, 欣怡=xinyi, 雨桐=yutong",
        "伟=wei, 强=qiang, 磊=lei, 洋=yang, 志强=zhiqiang, 浩然=haoran, 建国=jianguo, 子轩=zixuan",
        "王=wang, 李=li, 张=zhang, 刘=liu, 陈=chen, 杨=yang, 赵=zhao, 黄=huang, 周=zhou, 欧阳=ouyang",
        "{family}{given}",
    ),
    "ja": _same(
        "陽菜=hina, 結衣=yui, 美咲=misaki, 葵=aoi, さくら=sakura, 由美子=yumiko, 千尋=chihiro",
        "翔太=shota, 健太=kenta, 大輔=daisuke, 蓮=ren, 悠真=yuma, 一郎=ichiro, 直樹=naoki",
        "佐藤=sato, 鈴木=suzuki, 高橋=takahashi, 田中=tanaka, 渡辺=watanabe, 伊藤=ito, 山本=yamamoto, 中村=nakamura, 小林=kobayashi, 齋藤=saito",
        "{family} {given}",
    ),
    "ko": _same(
        "서연=seoyeon, 지우=jiwoo, 민지=minji, 하은=haeun, 수빈=subin, 예린=yerin, 은정=eunjeong",
        "민준=minjun, 도윤=doyun, 지훈=jihun, 현우=hyeonu, 성민=seongmin, 준호=junho, 태양=taeyang",
        "김=kim, 이=lee, 박=park, 최=choi, 정=jung, 강=kang, 조=cho, 윤=yoon, 장=jang, 남궁=namgung",
        "{family}{given}",
    ),
    "ka": _same(
        "ნინო=nino, მარიამ=mariam, თამარ=tamar, ეკატერინე=ekaterine, სალომე=salome",
        "გიორგი=giorgi, ლევან=levan, დავით=davit, ირაკლი=irakli, ზურაბ=zurab",
        "ბერიძე=beridze, კაპანაძე=kapanadze, გელაშვილი=gelashvili, მაისურაძე=maisuradze, ლომიძე=lomidze",
    ),
    "hy": _same(
        "Անի=ani, Մարիամ=mariam, Լիլիթ=lilit, Գայանե=gayane, Նարե=nare",
        "Արամ=aram, Դավիթ=davit, Տիգրան=tigran, Հայկ=hayk, Գևորգ=gevorg",
        "Սարգսյան=sargsyan, Հակոբյան=hakobyan, Գրիգորյան=grigoryan, Պետրոսյան=petrosyan, Մկրտչյան=mkrtchyan",
    ),
}
"""Names by language (ISO 639-1)."""
