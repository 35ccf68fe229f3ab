"""The paper's other languages. Each edition has a front page and one article, written in that language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Words:
    """The few sentences that every page of an edition needs."""

    motto: str
    skip: str
    home: str
    latest: str
    read_on: str
    languages: str
    sections: str
    breadcrumb: str
    privacy: str
    terms: str
    about: str
    choices: str
    held: str
    invented: str
    by: str
    date: str
    minutes: str
    comments_in_english: str
    in_english: str
    #: "{view}" is one of the two words below, "{size}" a number.
    reading: str
    mobile: str
    desktop: str


@dataclass(frozen=True, kw_only=True)
class Story:
    slug: str
    section: str
    title: str
    standfirst: str
    author: str
    picture: str
    alt: str
    caption: str
    paragraphs: Sequence[str]
    quote: str = ""
    film_title: str = ""
    film: str = ""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """`path` is where it lives, `tag` the language tag of its pages."""

    path: str
    tag: str
    name: str
    dir: str = "ltr"
    words: Words
    story: Story
    briefs: Sequence[tuple[str, str]] = field(default_factory=tuple)

    @property
    def story_path(self) -> str:
        return f"/{self.path}/{self.story.slug}"


BOSNIAN = Edition(
    path="bs",
    tag="bs",
    name="Bosanski",
    words=Words(
        motto="Vijesti s obje obale",
        skip="Preskoči na sadržaj",
        home="Početna",
        latest="Najnovije",
        read_on="Pročitaj cijeli tekst",
        languages="Jezici",
        sections="Rubrike na engleskom",
        breadcrumb="Putanja",
        privacy="Zaštita podataka",
        terms="Uslovi korištenja",
        about="O nama",
        choices="Postavke privatnosti",
        held="Šta je zadržano",
        invented="Drina Courier je izmišljen list: mjesta, ljudi i događaji ne postoje.",
        by="Piše",
        date="20. novembar 2026.",
        minutes="4 minute čitanja",
        comments_in_english="Komentari su zasad dostupni samo u engleskom izdanju.",
        in_english="Iz engleskog izdanja",
        reading="Čitate {view} verziju, veličina teksta {size} %.",
        mobile="mobilnu",
        desktop="desktop",
    ),
    story=Story(
        slug="bibliobus",
        section="Grad",
        title="Bibliobus i njegovi čitaoci: krivina po krivina",
        standfirst="Četiri hiljade knjiga, devetnaest stajališta i vozač koji tačno zna ko još nije vratio drugi tom.",
        author="Amra Delić",
        picture="library-bus.svg",
        alt="Žuti autobus oslikan knjigama penje se vijugavom planinskom cestom.",
        caption="Od prvog do zadnjeg stajališta bibliobus savlada 680 metara visinske razlike.",
        paragraphs=(
            "Kad se iza okuke začuje sirena, u Gornjim Lukama više niko ne gleda na sat. Utorak je, deset"
            " je sati i stigla je biblioteka. Prva izlazi nana Fata, s kesom u kojoj su tri vraćena romana"
            " i tegla pekmeza za vozača. „Knjige su na posudbu“, kaže, „a pekmez nije.“",
            "Autobus je nekad vozio radnike u pilanu. Prije šest godina općina ga je htjela otpisati, a"
            " bibliotekarka Selma Begić zatražila je ključeve. Police je napravio lokalni stolar, grijanje"
            " su platili čitaoci, a žutu boju izabrala su djeca. Vozač Ramiz, koji do tada, kako sam"
            " priznaje, „nije pročitao ništa duže od putnog naloga“, danas preporučuje krimiće.",
            "Najviše se čita tamo gdje je cesta najgora. Na zadnjem stajalištu, gdje zimi ostane dvanaest"
            " ljudi, posudi se u prosjeku devet knjiga po glavi. „Snijeg je dobar za književnost“, kaže"
            " Selma. Kad put zamete, knjige putuju dalje na sankama, a spisak ko šta čita vodi učiteljica.",
            "Općina je ovih dana potvrdila novac za još dvije godine. Ostaje pitanje guma, goriva i drugog"
            " toma jedne porodične sage, koji kruži selom od marta i ne vraća se. Ramiz zna kod koga je."
            " Ali, kaže, ni bibliobus ne smije otkriti baš sve.",
        ),
        quote="Snijeg je dobar za književnost.",
        film="footbridge",
        film_title="Snimak: preko visećeg mosta u Podstijeni",
    ),
    briefs=(
        ("12:10", "Gornje Luke ponovo imaju vodu; pustite je da teče desetak minuta"),
        ("11:35", "Vodostaj 212 cm i opada; nema upozorenja"),
        ("10:50", "Prvi snijeg na prijevoju: od večeras obavezna zimska oprema"),
        ("07:15", "Noćni autobus ostaje još godinu dana"),
    ),
)

SERBIAN_CYRILLIC = Edition(
    path="sr",
    tag="sr",
    name="Српски",
    words=Words(
        motto="Вести са обе обале",
        skip="Пређи на садржај",
        home="Почетна",
        latest="Најновије",
        read_on="Прочитај цео текст",
        languages="Језици",
        sections="Рубрике на енглеском",
        breadcrumb="Путања",
        privacy="Заштита података",
        terms="Услови коришћења",
        about="О нама",
        choices="Подешавања приватности",
        held="Шта је задржано",
        invented="Drina Courier је измишљен лист: места, људи и догађаји не постоје.",
        by="Пише",
        date="20. новембар 2026.",
        minutes="4 минута читања",
        comments_in_english="Коментари су засад доступни само у енглеском издању.",
        in_english="Из енглеског издања",
        reading="Читате {view} верзију, величина текста {size} %.",
        mobile="мобилну",
        desktop="десктоп",
    ),
    story=Story(
        slug="viseci-most",
        section="Река",
        title="После једанаест година висећи мост у Подстијени поново спаја обале",
        standfirst="Сто двадесет шест метара новог ариша и једно тврдоглаво село: како је обновљен прелаз"
        " који нико није хтео да плати.",
        author="Амра Делић",
        picture="footbridge.svg",
        alt="Висећи мост изнад зелене клисуре; троје људи прелази преко њега у јутарњем светлу.",
        caption="Нови мост виси два метра више од старог, изнад највеће забележене поплаве.",
        paragraphs=(
            "Први је прешао пас. Док је председник општине још тражио наочаре и говор, жути мешанац звани"
            " Гарави протрчао је свих сто двадесет шест метара, обишао продавницу на другој обали и вратио"
            " се. „Мост је отворен“, рекао је неко, и говор више никоме није недостајао.",
            "Стари мост однела је поплава пре једанаест година. Од тада се до комшије преко пута, кога"
            " видиш са прозора, путовало четрнаест километара. Деца су ишла у другу школу, крава је"
            " продата јер се до ливаде није могло, а двоје младих се, прича се, раставило због цене"
            " горива.",
            "Новца за нови мост није било ни у једном буџету. Онда је столар Мирко Тодић израчунао колико"
            " даске заиста коштају и залепио рачун на врата продавнице. Испод њега су људи почели да"
            " дописују: ко даје ариш, ко дизалицу, ко три недеље рада. За две године листа је постала дужа"
            " од моста.",
            "Општина је на крају платила челичну ужад и пројекат. Инжењерка Весна Лукић каже да мост може"
            " да понесе шездесет људи одједном, али моли да то нико не проверава. У суботу га је, једну по"
            " једну, прешло хиљаду људи. Гарави је, по непотврђеним подацима, прешао четрдесет пута.",
        ),
        quote="Мост је отворен, рекао је неко, и говор више никоме није недостајао.",
        film="footbridge",
        film_title="Снимак: преко висећег моста у Подстијени",
    ),
    briefs=(
        ("12:10", "Горње Луке поново имају воду; пустите је да тече десетак минута"),
        ("11:35", "Водостај 212 cm и опада; нема упозорења"),
        ("10:50", "Први снег на превоју: од вечерас обавезна зимска опрема"),
        ("07:15", "Ноћни аутобус остаје још годину дана"),
    ),
)

SERBIAN_LATIN = Edition(
    path="sr-latn",
    tag="sr-Latn",
    name="Srpski",
    words=Words(
        motto="Vesti sa obe obale",
        skip="Pređi na sadržaj",
        home="Početna",
        latest="Najnovije",
        read_on="Pročitaj ceo tekst",
        languages="Jezici",
        sections="Rubrike na engleskom",
        breadcrumb="Putanja",
        privacy="Zaštita podataka",
        terms="Uslovi korišćenja",
        about="O nama",
        choices="Podešavanja privatnosti",
        held="Šta je zadržano",
        invented="Drina Courier je izmišljen list: mesta, ljudi i događaji ne postoje.",
        by="Piše",
        date="20. novembar 2026.",
        minutes="3 minuta čitanja",
        comments_in_english="Komentari su zasad dostupni samo u engleskom izdanju.",
        in_english="Iz engleskog izdanja",
        reading="Čitate {view} verziju, veličina teksta {size} %.",
        mobile="mobilnu",
        desktop="desktop",
    ),
    story=Story(
        slug="maline",
        section="Privreda",
        title="Malinari se klade na sopstvenu hladnjaču",
        standfirst="Šezdeset dve porodice uložile su zaradu od jedne berbe. Sada oni, a ne otkupljivači,"
        " odlučuju kada se prodaje.",
        author="Jelena Kovač",
        picture="raspberries.svg",
        alt="Drvene gajbice pune malina ispred redova zasada i brda.",
        caption="Gajbica malina iz Zelenike, obrana pre devet ujutru.",
        paragraphs=(
            "U Zelenici se u julu ne spava. Malina koja se obere u šest mora do podneva da bude na"
            " hladnom, inače je do večeri sok. Godinama je to značilo isto: kamion otkupljivača čeka pred"
            " selom, cena je ona koju on kaže, a ko se pogađa, pogađa se sa satom.",
            "„Nismo prodavali maline, prodavali smo strah da će propasti“, kaže Dragana Simić, koja vodi"
            " zadrugu. Zimus su šezdeset dve porodice stavile na gomilu zaradu od cele sezone i od"
            " zatvorene pilane napravile hladnjaču za četiri stotine tona. Na krovu su solarne ploče, u"
            " podrumu stare pilanske vage.",
            "Prvi put ove jeseni cenu je odredilo selo. Deo roda prodat je u septembru, deo čeka proleće,"
            " a deo, oko trideset tona, otišao je pekarama i poslastičarima u krugu od sto kilometara, pod"
            " imenom zadruge.",
            "Računica je i dalje na ivici: struja je skuplja nego što je pisalo u planu, a kredit traje"
            " dvanaest godina. Ali u Zelenici se posle dugo vremena sade nove maline. Dragana pokazuje"
            " redove preko puta crkve. „To su,“ kaže, „posadili oni koji su rekli da odlaze.“",
        ),
        quote="Nismo prodavali maline, prodavali smo strah da će propasti.",
    ),
    briefs=(
        ("12:10", "Gornje Luke ponovo imaju vodu; pustite je da teče desetak minuta"),
        ("11:35", "Vodostaj 212 cm i opada; nema upozorenja"),
        ("10:50", "Prvi sneg na prevoju: od večeras obavezna zimska oprema"),
        ("07:15", "Noćni autobus ostaje još godinu dana"),
    ),
)

ARABIC = Edition(
    path="ar",
    tag="ar",
    name="العربية",
    dir="rtl",
    words=Words(
        motto="أخبار الضفتين",
        skip="انتقل إلى المحتوى",
        home="الرئيسية",
        latest="آخر الأخبار",
        read_on="اقرأ المقال كاملاً",
        languages="اللغات",
        sections="الأقسام بالإنجليزية",
        breadcrumb="مسار التنقل",
        privacy="حماية البيانات",
        terms="شروط الاستخدام",
        about="من نحن",
        choices="خيارات الخصوصية",
        held="ما تم حجبه",
        invented="صحيفة Drina Courier متخيَّلة: لا وجود للأماكن والأشخاص والأحداث المذكورة فيها.",
        by="بقلم",
        date="20 نوفمبر 2026",
        minutes="4 دقائق للقراءة",
        comments_in_english="التعليقات متاحة حالياً في الطبعة الإنجليزية فقط.",
        in_english="من الطبعة الإنجليزية",
        reading="أنت تقرأ {view}، وحجم النص {size}٪.",
        mobile="نسخة الجوّال",
        desktop="نسخة سطح المكتب",
    ),
    story=Story(
        slug="jisr-muallaq",
        section="النهر",
        title="بعد أحد عشر عاماً يعود الجسر المعلّق ليصل بين الضفتين",
        standfirst="مئة وستة وعشرون متراً من خشب الأرزية الجديد وقرية عنيدة واحدة: حكاية معبرٍ لم يشأ أحد"
        " أن يدفع ثمنه، فأعاد بناءه من هم بحاجة إليه.",
        author="أمرة ديليتش",
        picture="footbridge.svg",
        alt="جسر معلّق فوق وادٍ أخضر يعبره ثلاثة أشخاص في ضوء الصباح.",
        caption="يعلو الجسر الجديد عن سابقه بمترين، فوق أعلى فيضان سُجِّل حتى اليوم.",
        paragraphs=(
            "كان أول العابرين كلباً. وبينما كان رئيس البلدية يبحث عن نظارته وعن كلمته، ركض كلب القرية"
            " الأصفر الأمتار المئة والستة والعشرين كلها، ودار حول الدكان على الضفة الأخرى، ثم عاد. قال"
            " أحدهم: «افتُتح الجسر»، ولم يفتقد أحدٌ الكلمة بعد ذلك.",
            "جرف الفيضان الجسر القديم قبل أحد عشر عاماً. ومنذ ذلك اليوم صار الطريق إلى الجار الذي تراه من"
            " نافذتك أربعة عشر كيلومتراً. انتقل الأطفال إلى مدرسة أخرى، وبيعت البقرة لأن الوصول إلى مرعاها"
            " بات متعذراً، ويُحكى أن خطيبين افترقا بسبب ثمن الوقود.",
            "لم يكن في أي ميزانية مالٌ لجسر جديد. ثم حسب النجار ميركو ما تكلفه الألواح حقاً، وعلّق الورقة"
            " على باب الدكان. وتحتها راح الناس يكتبون: هذا يتبرع بالخشب، وذاك بالرافعة، وثالث بعمل ثلاثة"
            " أسابيع. وبعد عامين صارت القائمة أطول من الجسر.",
            "ودفعت البلدية في النهاية ثمن الحبال الفولاذية والتصميم. تقول المهندسة فيسنا إن الجسر يحمل"
            " ستين شخصاً دفعةً واحدة، لكنها ترجو ألا يتحقق أحد من ذلك بنفسه. ويوم السبت عبره ألف إنسان،"
            " أما الكلب فقد عبره، وفق مصادر غير مؤكدة، أربعين مرة.",
        ),
        quote="قال أحدهم: افتُتح الجسر، ولم يفتقد أحدٌ الكلمة بعد ذلك.",
        film="footbridge",
        film_title="فيديو: العبور فوق الجسر المعلّق",
    ),
    briefs=(
        ("12:10", "عودة المياه إلى القرى العليا، ويُنصح بتركها تجري عشر دقائق"),
        ("11:35", "منسوب النهر 212 سم وهو في انخفاض، ولا تحذيرات"),
        ("10:50", "أول ثلوج الموسم على الممر الجبلي: إطارات الشتاء إلزامية ابتداءً من الليلة"),
        ("07:15", "الحافلة الليلية مستمرة عاماً آخر"),
    ),
)

EDITIONS: Mapping[str, Edition] = {
    edition.path: edition for edition in (BOSNIAN, SERBIAN_CYRILLIC, SERBIAN_LATIN, ARABIC)
}
