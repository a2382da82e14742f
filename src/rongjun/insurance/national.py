"""The national settlement fields we read, in one table: name, Chinese, what it is to us.

Names and lengths are those of the national medical insurance interface as public programs use them; a city
checks them against its own interface before it connects.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Use = Literal["total", "part", "payer", "personal", "stated", "key", "about"]


class FieldUse(NamedTuple):
    """One field: its Chinese name, its use here, and the payer, kind of cost or sum it stands for."""

    title: str
    use: Use
    of: str = ""
    required: bool = False


# An amount is yuan with two decimals (16,2); 0 when it is not there.
SETTLEMENT: Final[Mapping[str, FieldUse]] = {
    "fixmedins_code": FieldUse("定点医药机构编号", "key", required=True),
    "setl_id": FieldUse("结算ID", "key", required=True),
    "med_type": FieldUse("医疗类别", "about", required=True),
    "begndate": FieldUse("入院日期", "about", required=True),
    "enddate": FieldUse("出院日期", "about", required=True),
    "mdtrtarea_admvs": FieldUse("就医地医保区划", "about"),
    "dise_codg": FieldUse("病种编码", "about"),
    "medfee_sumamt": FieldUse("医疗费总额", "total", required=True),
    "inscp_scp_amt": FieldUse("符合政策范围金额", "part", "in-scope"),
    "preselfpay_amt": FieldUse("先行自付金额", "part", "first-self-pay"),
    "overlmt_selfpay": FieldUse("超限价自费费用", "part", "over-limit"),
    "fulamt_ownpay_amt": FieldUse("全自费金额", "part", "own-expense"),
    "hosp_part_amt": FieldUse("医院负担金额", "payer", "hospital"),
    "hifp_pay": FieldUse("基本医疗保险统筹基金支出", "payer", "basic-pool"),
    "hifmi_pay": FieldUse("居民大病保险资金支出", "payer", "serious-illness"),
    "hifob_pay": FieldUse("职工大额医疗费用补助基金支出", "payer", "large-amount"),
    "cvlserv_pay": FieldUse("公务员医疗补助资金支出", "payer", "civil-servant"),
    "hifes_pay": FieldUse("企业补充医疗保险基金支出", "payer", "enterprise"),
    "maf_pay": FieldUse("医疗救助基金支出", "payer", "medical-aid"),
    "oth_pay": FieldUse("其他支出", "payer", "other-fund"),
    "fund_pay_sumamt": FieldUse("基金支付总额", "stated", "funds"),
    "psn_part_amt": FieldUse("个人负担总金额", "stated", "person"),
    # The personal account is the person's own money, not a fund's payment.
    "acct_pay": FieldUse("个人账户支出", "personal"),
    "acct_mulaid_pay": FieldUse("个人账户共济支付金额", "personal"),
    "psn_cash_pay": FieldUse("个人现金支出", "personal", required=True),
    "refd_setl_flag": FieldUse("退费结算标志", "about"),
}
# What a refund needs beside the amounts; they come with a minus.
REFUND: Final[Mapping[str, FieldUse]] = {
    "fixmedins_code": SETTLEMENT["fixmedins_code"],
    "setl_id": SETTLEMENT["setl_id"],
    "init_setl_id": FieldUse("原结算ID", "key", required=True),
    "refd_setl_flag": FieldUse("退费结算标志", "about", required=True),
    "medfee_sumamt": SETTLEMENT["medfee_sumamt"],
    "acct_pay": SETTLEMENT["acct_pay"],
    "acct_mulaid_pay": SETTLEMENT["acct_mulaid_pay"],
    "psn_cash_pay": SETTLEMENT["psn_cash_pay"],
}
IS_REFUND: Final = "1"
AMOUNTS: Final = frozenset({"total", "part", "payer", "personal", "stated"})
# Payers outside the settlement, named by our own codes.
OUTSIDE: Final = ("citywide-supplement", "veteran-aid", "city-insurance", "care-fund")
