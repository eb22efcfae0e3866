"""Whether a signer's certificate and a seal name the same country.

A certificate names it in two letters (ISO 3166-1 alpha-2, Doc 9303-12), a seal in three
(Doc 9303-3 section 5), and no rule leads from the one to the other but the table.
"""

from collections.abc import Mapping
from types import MappingProxyType

_CODES = """
    ADAND AEARE AFG AGATG AIA ALB AMARM AOAGO AQATA ARG ASM ATAUT AUS AWABW AXALA AZE BABIH BBBRB
    BDBGD BEL BFA BGR BHR BIBDI BJBEN BLM BMU BNBRN BOL BQBES BRA BSBHS BTN BVT BWA BYBLR BZBLZ CAN
    CCK CDCOD CFCAF CGCOG CHE CIV CKCOK CLCHL CMR CNCHN COL CRI CUB CVCPV CWCUW CXR CYP CZE DEU DJI
    DKDNK DMA DOM DZA ECU EEEST EGY EHESH ERI ESP ETH FIN FJI FKFLK FMFSM FOFRO FRA GAB GBR GDGRD
    GEO GFGUF GGY GHA GIB GLGRL GMB GNGIN GPGLP GQGNQ GRC GSSGS GTM GUM GWGNB GYGUY HKG HMD HND HRV
    HTI HUN IDN IEIRL ILISR IMN IND IOT IQIRQ IRN ISL ITA JEY JMJAM JOR JPN KEN KGZ KHM KIR KMCOM
    KNA KPPRK KRKOR KWT KYCYM KZKAZ LAO LBN LCA LIE LKA LRLBR LSO LTU LUX LVA LYLBY MAR MCO MDA
    MEMNE MFMAF MGMDG MHL MKD MLI MMR MNG MOMAC MPMNP MQMTQ MRT MSR MTMLT MUS MVMDV MWI MXMEX MYS
    MZMOZ NAM NCL NER NFK NGA NIC NLD NOR NPL NRU NUNIU NZL OMN PAN PER PFPYF PGPNG PHL PKPAK PLPOL
    PMSPM PNPCN PRI PSE PTPRT PWPLW PYPRY QAT REU ROU RSSRB RUS RWA SAU SBSLB SCSYC SDN SESWE SGP
    SHN SISVN SJM SKSVK SLE SMR SNSEN SOM SRSUR SSD STP SVSLV SXM SYR SZSWZ TCA TDTCD TFATF TGO THA
    TJK TKL TLS TMTKM TNTUN TON TRTUR TTO TVTUV TWN TZA UAUKR UGA UMI USA UYURY UZB VAT VCT VEN VGB
    VIR VNM VUT WFWLF WSM YEM YTMYT ZAF ZMB ZWE
"""
"""ISO 3166-1: both codes, or only the three letters where the two are their beginning."""

_THREE_LETTERS: Mapping[str, str] = MappingProxyType(
    {code[:2]: code[-3:] for code in _CODES.split()}
)
_COUNTRIES = frozenset(_THREE_LETTERS.values())
_FILLER = "<"
_TRAVEL_DOCUMENT_CODES: Mapping[str, str] = MappingProxyType({"D": "DEU"})
"""Germany's code in its travel documents (Doc 9303-3 section 5)."""
_TWO = 2


def is_other_country(seal_code: str, certificate_code: str) -> bool:
    """Whether the two codes name, for sure, not the same country.

    A certificate of no country of ISO 3166, such as an organisation's or Utopia's, may stand for
    any code that is no country's either: that can't be judged.
    """
    bare = seal_code.rstrip(_FILLER)
    stated = _TRAVEL_DOCUMENT_CODES.get(bare, bare)
    code = certificate_code.upper()
    if len(code) != _TWO:
        return stated != code
    expected = _THREE_LETTERS.get(code)
    return stated != expected if expected else stated in _COUNTRIES
