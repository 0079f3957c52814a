"""Vault, plan, copies, drill and restore testing, as CloudFormation gets them."""

import json
from pathlib import Path
from typing import Any

from tests.cdk.nagging import Finding


def of_type(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in resources.values() if one["Type"] == kind]


def only(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = of_type(resources, kind)
    properties: dict[str, Any] = found["Properties"]
    return properties


def statements(resources: dict[str, Any], of: str) -> list[dict[str, Any]]:
    """The statements of the roles and policies whose logical ids begin so."""
    found = [one["Properties"] for name, one in resources.items() if name.startswith(of)]
    policies = [policy["PolicyDocument"] for one in found for policy in one.get("Policies", [])]
    return [statement for policy in policies for statement in policy["Statement"]]


def test_both_packs_find_nothing(synthesized: tuple[Path, set[Finding]]) -> None:
    """What these constructs define is clean, or says itself why it is meant so."""
    ours = ("GalleryRecovery/Backups", "GalleryRecovery/Recovery", "GalleryRecovery/Testing", "GalleryCopies/Copies")
    found = {one for one in synthesized[1] if one[0].startswith(ours)}
    assert {rule for _, rule in found} <= {"NIST.800.53.R5-IAMNoInlinePolicy"}  # acknowledged for whole apps


def test_the_vault_is_locked_encrypted_and_stays(home: dict[str, Any], away: dict[str, Any]) -> None:
    """Both regions' vaults have the lock and a key of their own, and outlive their stacks."""
    for resources in (home, away):
        (vault,) = of_type(resources, "AWS::Backup::BackupVault")
        assert (vault["DeletionPolicy"], vault["UpdateReplacePolicy"]) == ("Retain", "Retain")
        lock = {"MinRetentionDays": 7, "MaxRetentionDays": 400, "ChangeableForDays": 3}
        assert vault["Properties"]["LockConfiguration"] == lock
        assert "EncryptionKeyArn" in vault["Properties"]
    assert only(away, "AWS::Backup::BackupVault")["BackupVaultName"] == "gallery-copies"


def test_each_rule_goes_into_the_vault_and_is_copied_unless_told_otherwise(home: dict[str, Any]) -> None:
    """Daily and monthly backups are copied abroad and kept there as long; the weekly one stays here."""
    rules = only(home, "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
    assert [(one["RuleName"], one["Lifecycle"]["DeleteAfterDays"], "CopyActions" in one) for one in rules] == [
        ("daily", 35, True),
        ("weekly", 90, False),
        ("monthly", 400, True),
    ]
    (copy,) = rules[2]["CopyActions"]
    assert copy["Lifecycle"] == {"DeleteAfterDays": 400}
    assert ":backup:eu-central-1:" in json.dumps(copy["DestinationBackupVaultArn"])


def test_failed_backups_and_copies_are_told(home: dict[str, Any], away: dict[str, Any]) -> None:
    """A backup that failed, expired or was aborted, a failed copy, and copies that stop arriving raise an alarm."""
    alarms = [one["Properties"] for one in of_type(home, "AWS::CloudWatch::Alarm")]
    text = json.dumps(alarms)
    for metric in ("BackupJobsFailed", "BackupJobsExpired", "BackupJobsAborted", "CopyJobsFailed"):
        assert f'"NumberOf{metric}"' in text
    (missing,) = [one["Properties"] for one in of_type(away, "AWS::CloudWatch::Alarm")]
    assert (missing["MetricName"], missing["TreatMissingData"]) == ("NumberOfRecoveryPointsCompleted", "breaching")


def test_restore_tests_go_into_the_closed_group(home: dict[str, Any]) -> None:
    """AWS Backup restores into the live one's subnets and the group that lets in the check alone, without a standby."""
    selection = only(home, "AWS::Backup::RestoreTestingSelection")
    overrides = selection["RestoreMetadataOverrides"]
    assert overrides["multiAz"] == "false"
    assert (
        overrides["dbSubnetGroupName"] == {"Ref": "DatabaseSubnets5E4D2D78"} or "Ref" in overrides["dbSubnetGroupName"]
    )
    joined = overrides["vpcSecurityGroupIds"]["Fn::Join"][1]
    assert (joined[0], joined[2]) == ('["', '"]')
    assert joined[1]["Fn::GetAtt"][0].startswith("RecoveryRestored")
    plan = only(home, "AWS::Backup::RestoreTestingPlan")
    assert plan["RestoreTestingPlanName"] == "GalleryRecovery_Testing"
    assert plan["RecoveryPointSelection"]["Algorithm"] == "RANDOM_WITHIN_WINDOW"


def test_restored_instances_let_in_the_check_alone(home: dict[str, Any]) -> None:
    """The restored instances' group has one rule, from the check's group, and lets nothing out."""
    (group,) = [
        name
        for name, one in home.items()
        if name.startswith("RecoveryRestored") and one["Type"] == "AWS::EC2::SecurityGroup"
    ]
    rules = [
        one["Properties"]
        for one in of_type(home, "AWS::EC2::SecurityGroupIngress")
        if one["Properties"]["GroupId"]["Fn::GetAtt"][0] == group
    ]
    assert [rule["SourceSecurityGroupId"]["Fn::GetAtt"][0][:13] for rule in rules] == ["RecoveryCheck"]


def test_the_function_deletes_only_what_drills_restored(home: dict[str, Any]) -> None:
    """Restoring and deleting name instances with the drill's prefix; what AWS Backup restored is only described."""
    granted = {
        json.dumps(one["Action"]): json.dumps(one["Resource"]) for one in statements(home, "RecoveryRole") if one
    }
    (delete,) = [resource for actions, resource in granted.items() if "rds:DeleteDBInstance" in actions]
    assert ":db:bluegreen-drill-*" in delete
    assert "Database" not in delete
    assert "awsbackup" not in delete
    (restore,) = [resource for actions, resource in granted.items() if "rds:RestoreDBInstance" in actions]
    for kind in (":db:bluegreen-drill-*", ":subgrp:", ":pg:default.postgres*", ":og:default:postgres*"):
        assert kind in restore
    assert not any(actions.strip('"').endswith(":*") for actions in granted)


def test_the_check_is_the_applications_image_and_login_without_a_host(home: dict[str, Any]) -> None:
    """The check's task logs in as the application; which host it looks at is said each time."""
    tasks = [one["Properties"] for one in of_type(home, "AWS::ECS::TaskDefinition")]
    (container,) = [one for task in tasks for one in task["ContainerDefinitions"] if one["Name"] == "recovery-check"]
    assert container["Image"] == "public.ecr.aws/example/shop:v1"
    assert container["EntryPoint"] == ["python", "-m", "bluegreen.migrations"]
    assert container["Command"] == [
        *("inspect", "--table", "orders", "--table", "archive.orders", "--newest", "orders.created_at"),
    ]
    assert {one["Name"] for one in container["Environment"]} == {"DATABASE_PORT", "DATABASE_NAME"}
    assert {one["Name"] for one in container["Secrets"]} == {"DATABASE_USER", "DATABASE_PASSWORD"}


def test_the_function_is_told_what_must_be_reached(home: dict[str, Any]) -> None:
    """Objectives and checks travel in its settings, in seconds."""
    (settings,) = [
        one["Properties"]["Environment"]["Variables"]["BLUEGREEN_SETTINGS"]
        for name, one in home.items()
        if name.startswith("RecoveryDrillFunction")
    ]
    told = json.loads(settings)
    assert told["objectives"] == {
        "recovery_time_seconds": 1800,
        "recovery_point_seconds": 600,
        "least_percent": 95,
        "least_rows": {"orders": 1},
    }
    assert (told["instance_class"], told["test_point_seconds"]) == ("db.t4g.small", 108000)


def test_events_reach_the_function(home: dict[str, Any]) -> None:
    """The end of a restore test's job begins its check; the loss of an execution has it cleaned up."""
    patterns = [one["Properties"]["EventPattern"] for one in of_type(home, "AWS::Events::Rule")]
    ours = {pattern["source"][0]: pattern["detail"] for pattern in patterns if "backup" in str(pattern["source"])}
    assert ours["aws.backup"]["status"] == ["COMPLETED", "FAILED", "ABORTED"]
    assert "RestoreTestingPlanArn" in json.dumps(ours["aws.backup"]["restoreTestingPlanArn"])
    lost = [one for one in patterns if "Recovery" in json.dumps(one.get("detail", {}).get("stateMachineArn", ""))]
    assert [one["detail"]["status"] for one in lost] == [["FAILED", "TIMED_OUT", "ABORTED"]]
