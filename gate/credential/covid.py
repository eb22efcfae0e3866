"""Which codes mean COVID-19, and how many doses against it a certificate attests.

Every format has its own codes. Each puts this one in place of its own, so that a rule, and the
number of doses that a policy asks for, mean one disease whatever the visitor shows.
"""

from gate.credential.health import Health


def words(table: str) -> frozenset[str]:
    """The codes of a table, which white space parts."""
    return frozenset(table.split())


COVID_19 = "840539006"
"""The disease, in SNOMED CT; `HC1:` certificates have it as it is."""

ICD11_DISEASE = "RA01"
"""The disease in ICD-11; RA01.0 is with the virus found, RA01.1 without."""

ICD11_VACCINES = words(
    """
    XM68M6 XM1NL1 XM7HT3 XM8866 XM9TQ1 XM1G90 XM85P5 XM9FQ7 XM97N6 XM2YG8 XM0K39 XM1AU2 XM5DF6
    XM9QW8 XM4YL8 XM97T2 XM6QV1 XM1AG7 XM5ZJ4 XM5QM6 XM0CX4 XM5JC5 XM3CT4 XM3PG0 XM4EC8 XM6SZ8
    XM0RV9 XM3SK8 XM9P21 XM9T65 XM9N08 XM1J92 XM6AT1 XM52P3 XM0GQ8 XM8NQ0 XM3DT5
    """
)
"""Vaccines against it in ICD-11, as listed by https://terminology.smarthealth.cards
(`immunization-covid-all`, 2023-06-16)."""


def covid_doses(health: Health) -> int | None:
    """Doses against COVID-19, or None where none is attested: doses against another disease say
    nothing of it."""
    numbers = (each.dose for each in health.vaccinations if each.disease == COVID_19)
    return max(numbers, default=None)
