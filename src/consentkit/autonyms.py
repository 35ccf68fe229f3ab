"""What each of our languages calls itself, and which way it runs.

As CLDR has it: a test compares the two. To read it there would load the data of every language, a tenth of a second and
tens of megabytes, for a list of links.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Folder of a catalogue -> what the language calls itself at the start of a line.
AUTONYMS: Mapping[str, str] = {
    "ar": "العربية",
    "bg": "Български",
    "bs": "Bosanski",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "ga": "Gaeilge",
    "he": "עברית",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "is": "Íslenska",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "mk": "Македонски",
    "mt": "Malti",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt_BR": "Português (Brasil)",
    "pt_PT": "Português (Portugal)",
    "ro": "Română",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sq": "Shqip",
    "sr": "Српски",
    "sr_Latn": "Srpski (latinica)",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh_Hans": "中文 (简体)",
    "zh_Hant": "中文 (繁體)",
}

#: The folders of languages that run from right to left.
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he"})
