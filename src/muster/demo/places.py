"""Where demo people live: countries, with the largest number of people first, and what goes with each."""

from typing import Final, NamedTuple


class City(NamedTuple):
    """A city. `postcode` is a pattern with one number in it, which runs from `low` over `span` values."""

    name: str
    region: str
    timezone: str
    postcode: str
    low: int
    span: int


class Country(NamedTuple):
    """A country by its ISO 3166 code; `language` is a key of `NAMES`; `street` a pattern of a house number and a name."""

    code: str
    language: str
    locale: str
    currency: str
    street: str
    streets: tuple[str, ...]
    cities: tuple[City, ...]


def _country(codes: str, street: str, streets: tuple[str, ...], cities: tuple[City, ...]) -> Country:
    code, language, locale, currency = codes.split()
    return Country(code, language, locale, currency, street, streets, cities)


_NUMBER_FIRST: Final = "{number} {name}"
_NAME_FIRST: Final = "{name} {number}"

COUNTRIES: Final = (
    _country(
        "US en en-US USD",
        _NUMBER_FIRST,
        ("Main Street", "Oak Avenue", "Maple Drive", "2nd Street", "Washington Boulevard", "Lake View Road"),
        (
            City("New York", "NY", "America/New_York", "10%03d", 1, 280),
            City("Los Angeles", "CA", "America/Los_Angeles", "900%02d", 1, 89),
            City("Chicago", "IL", "America/Chicago", "606%02d", 1, 57),
            City("Houston", "TX", "America/Chicago", "770%02d", 2, 96),
            City("Seattle", "WA", "America/Los_Angeles", "981%02d", 1, 98),
            City("Denver", "CO", "America/Denver", "802%02d", 1, 98),
        ),
    ),
    _country(
        "IN hi hi-IN INR",
        _NUMBER_FIRST,
        ("MG Road", "Station Road", "Gandhi Marg", "Nehru Nagar", "Lal Bagh Road"),
        (
            City("Mumbai", "MH", "Asia/Kolkata", "4000%02d", 1, 99),
            City("New Delhi", "DL", "Asia/Kolkata", "1100%02d", 1, 96),
            City("Bengaluru", "KA", "Asia/Kolkata", "5600%02d", 1, 99),
            City("Jaipur", "RJ", "Asia/Kolkata", "3020%02d", 1, 39),
        ),
    ),
    _country(
        "GB en en-GB GBP",
        _NUMBER_FIRST,
        ("High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Lane", "The Crescent"),
        (
            City("London", "England", "Europe/London", "SE%d 4QX", 1, 28),
            City("Manchester", "England", "Europe/London", "M%d 3FJ", 1, 35),
            City("Edinburgh", "Scotland", "Europe/London", "EH%d 1BD", 1, 17),
            City("Cardiff", "Wales", "Europe/London", "CF%d 2LN", 3, 20),
            City("Bristol", "England", "Europe/London", "BS%d 5TR", 1, 16),
        ),
    ),
    _country(
        "DE de de-DE EUR",
        _NAME_FIRST,
        ("Hauptstraße", "Bahnhofstraße", "Gartenweg", "Schillerstraße", "Am Mühlbach", "Lindenallee"),
        (
            City("Berlin", "BE", "Europe/Berlin", "10%03d", 115, 800),
            City("Hamburg", "HH", "Europe/Berlin", "20%03d", 95, 440),
            City("München", "BY", "Europe/Berlin", "80%03d", 331, 469),
            City("Köln", "NW", "Europe/Berlin", "50%03d", 667, 270),
        ),
    ),
    _country(
        "BR pt pt-BR BRL",
        "{name}, {number}",
        ("Rua das Flores", "Avenida Brasil", "Rua São João", "Travessa da Paz", "Avenida Sete de Setembro"),
        (
            City("São Paulo", "SP", "America/Sao_Paulo", "0%04d-000", 1001, 4900),
            City("Rio de Janeiro", "RJ", "America/Sao_Paulo", "2%04d-010", 1, 3700),
            City("Salvador", "BA", "America/Bahia", "4%04d-020", 1, 2700),
        ),
    ),
    _country(
        "FR fr fr-FR EUR",
        _NUMBER_FIRST,
        ("rue de la République", "avenue Victor-Hugo", "place de l'Église", "chemin des Écoles", "rue du Moulin"),
        (
            City("Paris", "Île-de-France", "Europe/Paris", "750%02d", 1, 20),
            City("Lyon", "Auvergne-Rhône-Alpes", "Europe/Paris", "6900%d", 1, 9),
            City("Marseille", "Provence-Alpes-Côte d'Azur", "Europe/Paris", "130%02d", 1, 16),
            City("Rennes", "Bretagne", "Europe/Paris", "35%03d", 0, 800),
        ),
    ),
    _country(
        "JP ja ja-JP JPY",
        "{name}{number}番",
        ("中央一丁目", "本町二丁目", "緑が丘三丁目", "桜木町", "栄町"),
        (
            City("東京", "東京都", "Asia/Tokyo", "1%02d-0001", 1, 79),
            City("大阪", "大阪府", "Asia/Tokyo", "5%02d-0011", 30, 29),
            City("札幌", "北海道", "Asia/Tokyo", "0%02d-0021", 60, 8),
        ),
    ),
    _country(
        "CN zh zh-CN CNY",
        "{name}{number}号",
        ("人民路", "中山路", "解放路", "建设大街", "和平路"),
        (
            City("上海", "上海市", "Asia/Shanghai", "20%04d", 0, 2000),
            City("北京", "北京市", "Asia/Shanghai", "10%04d", 0, 2600),
            City("成都", "四川省", "Asia/Shanghai", "61%04d", 0, 1800),
        ),
    ),
    _country(
        "MX es es-MX MXN",
        _NAME_FIRST,
        ("Avenida Juárez", "Calle Hidalgo", "Calle 5 de Mayo", "Avenida Reforma"),
        (
            City("Ciudad de México", "CDMX", "America/Mexico_City", "0%04d", 1000, 8900),
            City("Guadalajara", "JAL", "America/Mexico_City", "44%03d", 100, 800),
            City("Mérida", "YUC", "America/Merida", "97%03d", 0, 300),
        ),
    ),
    _country(
        "KR ko ko-KR KRW",
        _NAME_FIRST,
        ("세종대로", "강남대로", "중앙로", "한강로"),
        (
            City("서울", "서울특별시", "Asia/Seoul", "0%04d", 1000, 7800),
            City("부산", "부산광역시", "Asia/Seoul", "4%04d", 6000, 3500),
        ),
    ),
    _country(
        "ES es es-ES EUR",
        "{name}, {number}",
        ("Calle Mayor", "Gran Vía", "Calle de la Peña", "Avenida de la Constitución", "Plaza España"),
        (
            City("Madrid", "Madrid", "Europe/Madrid", "280%02d", 1, 55),
            City("Barcelona", "Cataluña", "Europe/Madrid", "080%02d", 1, 42),
            City("A Coruña", "Galicia", "Europe/Madrid", "150%02d", 1, 11),
        ),
    ),
    _country(
        "PL pl pl-PL PLN",
        _NAME_FIRST,
        ("ul. Długa", "ul. Kościuszki", "ul. Ogrodowa", "al. Niepodległości", "ul. Łąkowa"),
        (
            City("Warszawa", "mazowieckie", "Europe/Warsaw", "0%d-120", 0, 5),
            City("Kraków", "małopolskie", "Europe/Warsaw", "31-%03d", 1, 900),
            City("Łódź", "łódzkie", "Europe/Warsaw", "90-%03d", 1, 900),
        ),
    ),
    _country(
        "UA uk uk-UA UAH",
        "{name}, {number}",
        ("вул. Шевченка", "вул. Франка", "просп. Миру", "вул. Садова"),
        (
            City("Київ", "Київ", "Europe/Kyiv", "0%04d", 1001, 3200),
            City("Львів", "Львівська область", "Europe/Kyiv", "79%03d", 0, 70),
        ),
    ),
    _country(
        "TR tr tr-TR TRY",
        "{name} No: {number}",
        ("Atatürk Caddesi", "İstiklal Caddesi", "Çınar Sokak", "Güneş Sokak"),
        (
            City("İstanbul", "İstanbul", "Europe/Istanbul", "34%03d", 10, 980),
            City("İzmir", "İzmir", "Europe/Istanbul", "35%03d", 10, 880),
        ),
    ),
    _country(
        "EG ar ar-EG EGP",
        _NUMBER_FIRST,
        ("شارع التحرير", "شارع النيل", "شارع الجمهورية"),
        (
            City("القاهرة", "القاهرة", "Africa/Cairo", "11%03d", 511, 400),
            City("الإسكندرية", "الإسكندرية", "Africa/Cairo", "21%03d", 500, 400),
        ),
    ),
    _country(
        "IL he he-IL ILS",
        _NAME_FIRST,
        ("רחוב הרצל", "רחוב יפו", "שדרות רוטשילד"),
        (
            City("תל אביב", "תל אביב", "Asia/Jerusalem", "6%06d", 100000, 900000),
            City("ירושלים", "ירושלים", "Asia/Jerusalem", "9%06d", 100000, 700000),
        ),
    ),
    _country(
        "GR el el-GR EUR",
        _NAME_FIRST,
        ("Λεωφόρος Αθηνών", "Οδός Ερμού", "Οδός Σταδίου"),
        (
            City("Αθήνα", "Αττική", "Europe/Athens", "104 %02d", 31, 60),
            City("Θεσσαλονίκη", "Κεντρική Μακεδονία", "Europe/Athens", "546 %02d", 21, 35),
        ),
    ),
    _country(
        "TH th th-TH THB",
        _NUMBER_FIRST,
        ("ถนนสุขุมวิท", "ถนนพหลโยธิน", "ถนนราชดำเนิน"),
        (
            City("กรุงเทพมหานคร", "กรุงเทพมหานคร", "Asia/Bangkok", "10%d00", 1, 8),
            City("เชียงใหม่", "เชียงใหม่", "Asia/Bangkok", "50%d00", 0, 4),
        ),
    ),
    _country(
        "VN vi vi-VN VND",
        _NUMBER_FIRST,
        ("Đường Lê Lợi", "Đường Trần Hưng Đạo", "Phố Huế"),
        (
            City("Thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh", "Asia/Ho_Chi_Minh", "70%04d", 0, 9999),
            City("Hà Nội", "Hà Nội", "Asia/Ho_Chi_Minh", "10%04d", 0, 9999),
        ),
    ),
    _country(
        "AU en en-AU AUD",
        _NUMBER_FIRST,
        ("George Street", "Queen Street", "Beach Road", "Wattle Grove"),
        (
            City("Sydney", "NSW", "Australia/Sydney", "20%02d", 0, 99),
            City("Melbourne", "VIC", "Australia/Melbourne", "30%02d", 0, 99),
            City("Perth", "WA", "Australia/Perth", "60%02d", 0, 99),
        ),
    ),
    _country(
        "CA fr fr-CA CAD",
        "{number}, {name}",
        ("rue Sainte-Catherine", "boulevard Saint-Laurent", "rue de l'Érable"),
        (
            City("Montréal", "QC", "America/Toronto", "H2X %dB4", 1, 9),
            City("Québec", "QC", "America/Toronto", "G1R %dA7", 1, 9),
        ),
    ),
    _country(
        "NL nl nl-NL EUR",
        _NAME_FIRST,
        ("Kerkstraat", "Dorpsstraat", "Molenweg", "Prinsengracht"),
        (
            City("Amsterdam", "Noord-Holland", "Europe/Amsterdam", "10%02d AB", 11, 88),
            City("'s-Hertogenbosch", "Noord-Brabant", "Europe/Amsterdam", "52%02d KD", 11, 38),
        ),
    ),
    _country(
        "SE sv sv-SE SEK",
        _NAME_FIRST,
        ("Storgatan", "Kyrkogatan", "Björkvägen", "Ågatan"),
        (
            City("Stockholm", "Stockholms län", "Europe/Stockholm", "11%d 23", 1, 8),
            City("Göteborg", "Västra Götalands län", "Europe/Stockholm", "41%d 05", 1, 8),
            City("Malmö", "Skåne län", "Europe/Stockholm", "21%d 46", 1, 8),
        ),
    ),
    _country(
        "CZ cs cs-CZ CZK",
        _NAME_FIRST,
        ("Hlavní", "Nádražní", "Žižkova", "Růžová"),
        (
            City("Praha", "Hlavní město Praha", "Europe/Prague", "1%d0 00", 1, 9),
            City("Brno", "Jihomoravský kraj", "Europe/Prague", "6%d0 00", 0, 4),
        ),
    ),
    _country(
        "BG bg bg-BG EUR",
        _NAME_FIRST,
        ("ул. Шипка", "бул. Витоша", "ул. Роза"),
        (
            City("София", "София-град", "Europe/Sofia", "1%03d", 0, 800),
            City("Пловдив", "Пловдив", "Europe/Sofia", "40%02d", 0, 27),
        ),
    ),
    _country(
        "HU hu hu-HU HUF",
        "{name} {number}.",
        ("Petőfi utca", "Kossuth Lajos utca", "Fő tér", "Szőlő utca"),
        (
            City("Budapest", "Budapest", "Europe/Budapest", "1%03d", 11, 220),
            City("Győr", "Győr-Moson-Sopron", "Europe/Budapest", "90%02d", 21, 9),
        ),
    ),
    _country(
        "SA ar ar-SA SAR",
        _NUMBER_FIRST,
        ("طريق الملك فهد", "شارع العليا", "شارع الأمير سلطان"),
        (
            City("الرياض", "منطقة الرياض", "Asia/Riyadh", "1%04d", 1411, 2000),
            City("جدة", "منطقة مكة المكرمة", "Asia/Riyadh", "2%04d", 1411, 2400),
        ),
    ),
    _country(
        "BD bn bn-BD BDT",
        _NUMBER_FIRST,
        ("মিরপুর রোড", "স্টেশন রোড", "কলেজ রোড"),
        (
            City("ঢাকা", "ঢাকা বিভাগ", "Asia/Dhaka", "1%03d", 200, 36),
            City("চট্টগ্রাম", "চট্টগ্রাম বিভাগ", "Asia/Dhaka", "4%03d", 0, 225),
        ),
    ),
    _country(
        "GE ka ka-GE GEL",
        _NAME_FIRST,
        ("რუსთაველის გამზირი", "ჭავჭავაძის ქუჩა"),
        (City("თბილისი", "თბილისი", "Asia/Tbilisi", "01%02d", 2, 90),),
    ),
    _country(
        "AM hy hy-AM AMD",
        _NAME_FIRST,
        ("Աբովյան փողոց", "Մաշտոցի պողոտա"),
        (City("Երևան", "Երևան", "Asia/Yerevan", "00%02d", 1, 99),),
    ),
)
