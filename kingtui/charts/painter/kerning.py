"""The kerning of DejaVu Sans for the characters of the charts: font data, from the fonts' own tables.

Pillow kerns only through an optional library (libfribidi), and a painting must not depend on what is installed.
"""

from __future__ import annotations

from typing import Final

EM: Final = 2048
"""Units of an em."""


def _pairs(text: str) -> dict[str, int]:
    """``AT-159``: an A before a T moves the pen 159 units less."""
    return {item[:2]: int(item[2:]) for item in text.split()}


REGULAR: Final = _pairs(
    """
    -A-45 -B-73 -G75 -J114 -O57 -Q75 -T-188 -V-120 -W-83 -X-102 -Y-243 -o38 -v-55 -y-36 A--45 A.-36 A:-36 AA57 AC-36
    AG-36 AO-36 AQ-36 AT-159 AV-131 AW-112 AY-159 Ac-36 Ad-36 Ae-36 Af-73 Ao-36 Aq-36 At-36 Av-120 Aw-83 Ay-139
    BC-36 BG-36 BO-36 BS-36 BV-63 BW-73 BY-112 CY-36 DA-36 DV-36 DY-112 F.-329 F:-159 FA-188 FS-36 FT-36 Fa-188
    Fe-112 Fi-149 Fo-73 Fr-149 Fu-112 Fy-188 GT-73 GY-102 H.-36 J--73 JA-36 K--215 KA-36 KC-112 KO-112 KT-159 KU-55
    KW-73 KY-73 Ka-36 Ke-102 Ko-102 Ku-102 Ky-149 L--36 LA47 LO-73 LT-282 LU-102 LV-225 LW-188 LY-272 Le-36 Lo-36
    Lu-36 Ly-188 O-57 O.-83 O:-36 OA-36 OV-36 OX-131 OY-112 P--45 P.-319 PA-131 PY-45 Pa-92 Pe-73 Pi-45 Pn-36 Po-73
    Pr-36 Ps-36 Pu-36 Q-57 R--83 R.-73 R:-63 RA-83 RC-102 RT-149 RV-112 RW-83 RY-131 Ra-45 Re-92 Ro-92 Ru-92 Ry-112
    SA38 T--188 T.-243 T:-225 TA-159 TC-120 TT-36 Ta-339 Tc-348 Te-348 Ti-63 To-348 Tr-301 Ts-339 Tu-311 Tw-339
    Ty-319 UZ-36 V--120 V.-264 V:-167 VA-131 VO-36 Va-159 Ve-159 Vi-45 Vo-159 Vu-139 Vy-55 W--83 W.-235 W:-120
    WA-112 Wa-131 We-120 Wi-45 Wo-120 Wr-92 Wu-73 Wy-36 X--102 XC-149 XO-131 XT-36 Xe-92 Y--243 Y.-415 Y:-272 YA-159
    YC-112 YO-112 Ya-282 Ye-272 Yi-73 Yo-272 Yu-235 Z--36 ex-36 f--112 f.-149 f:-73 ft-36 fw-36 fy-36 ka-36 ke-73
    ko-73 ku-63 ky-73 o-38 o.-36 ox-63 r--131 r.-188 r:-36 rc-45 rd-36 re-45 rg-36 rh-36 rm-36 rn-36 ro-45 rq-36
    rr-36 rx-55 v--55 v.-159 v:-112 w.-188 w:-112 xc-36 xe-63 xo-63 y--36 y.-292 y:-149
    """
)

BOLD: Final = _pairs(
    """
    -T-301 -V-149 -W-92 -X-167 -Y-301 A,38 A.38 A:38 AT-159 AU-63 AV-139 AW-92 AY-196 Av-73 Ay-73 BV-83 BW-112
    BY-112 C-47 CS38 D-38 DY-149 F,-329 F--63 F.-301 F:-112 FA-235 Fa-120 Fe-83 Fo-83 Fr-131 Fu-102 Fy-112 GT-36
    GY-45 K--178 KC-92 KO-92 KU-36 Ke-36 Ko-36 Ku-36 Ky-131 LO-73 LT-339 LU-73 LV-282 LW-159 LY-319 Ly-139 O,-45
    O-38 O.-45 OA-55 OV-55 OX-73 OY-73 P,-376 P--36 P.-376 PA-188 Pa-55 Ps-36 Py38 Q-38 R,38 R.38 RT-92 RY-112 Ry-92
    SS-92 T,-292 T--301 T.-311 T:-112 TA-159 TT47 Ta-264 Tc-272 Te-272 To-272 Tr-225 Ts-272 Tu-225 Tw-225 Ty-243
    UA-63 V,-264 V--149 V.-264 V:-92 VA-139 VO-36 Va-112 Ve-112 Vi-36 Vo-112 Vu-73 W,-167 W--92 W.-167 W:-63 WA-92
    Wa-73 We-73 Wo-73 Wr-36 X--167 XC-73 XO-73 Xe-55 Y,-339 Y--301 Y.-339 Y:-178 YA-196 YC-73 YO-73 Ya-188 Ye-188
    Yo-188 Yu-149 Z--36 ay-63 f,-112 f--36 f.-112 ke-55 ko-55 r,-301 r.-292 v,-167 v.-167 w,-131 w.-131 y,-159
    y.-188
    """
)
