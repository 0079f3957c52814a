"""Lengths of time as the CDK has them. They never change, so each is made once: making one crosses into Node."""

from functools import cache

from aws_cdk import Duration

seconds = cache(Duration.seconds)
minutes = cache(Duration.minutes)
hours = cache(Duration.hours)
days = cache(Duration.days)
