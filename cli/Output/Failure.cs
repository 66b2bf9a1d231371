using System.Data.Common;
using Kavalek.Client;
using Kavalek.Protocol;

namespace Kavalek.Cli.Output;

/// <summary>How failures end the process: one text on standard error, one exit code, never a stack trace.</summary>
static class Failure
{
    /// <summary>Whether the server could not be reached, as opposed to having said no.</summary>
    public static bool IsUnreachable(KavalekException failure) => failure.Code is ClientErrors.Offline or ErrorCodes.Unavailable;

    /// <summary>The exit code of an SDK failure.</summary>
    public static int ExitCodeOf(string code) => code switch
    {
        ClientErrors.Offline or ErrorCodes.Unavailable => ExitCode.Unreachable,
        ClientErrors.ProfileBusy => ExitCode.InUse,
        ClientErrors.WrongPassword or ClientErrors.TooManyAttempts or ClientErrors.WrongRecoveryKey or ErrorCodes.WrongCredentials or ErrorCodes.PasswordRequired => ExitCode.WrongPassword,
        ClientErrors.ProfileEmpty or ErrorCodes.SessionEnded or ErrorCodes.Unauthenticated or ErrorCodes.DeviceRemoved => ExitCode.NoAccount,
        ErrorCodes.NotFound or ClientErrors.ReportUnproven or ClientErrors.ReportNobody => ExitCode.NotFound,
        ClientErrors.KeyChanged or ClientErrors.CannotSend or ClientErrors.NotAllowed or ClientErrors.TooLate or ClientErrors.ReportStale or ClientErrors.DeviceNotReady or ClientErrors.DeviceWaits
            or ClientErrors.SafetyNumberMismatch or ClientErrors.WrongLinkCode or ClientErrors.LinkExpired or ClientErrors.LetInUnseen or ClientErrors.NoVault or ClientErrors.VaultRefused or ErrorCodes.Forbidden or ErrorCodes.LastOwner or ErrorCodes.AccountSuspended => ExitCode.Refused,
        ClientErrors.UnsuitablePassword or ClientErrors.InvalidLink or ClientErrors.InsecureAddress or ErrorCodes.Invalid => ExitCode.Usage,
        _ => ExitCode.Error,
    };

    /// <summary>Says what happened and gives the exit code.</summary>
    public static int Report(Exception failure, Shell shell)
    {
        switch (failure)
        {
            case CliException foreseen:
                Say(foreseen.Message, shell);
                return foreseen.ExitCode;
            case KavalekException ofClient:
                Say(Explain(ofClient), shell);
                return ExitCodeOf(ofClient.Code);
            case OperationCanceledException:
                return ExitCode.Interrupted;
            case DbException:
                Say("Something could not be stored on this device: its disk is full or cannot be written to. What was stored before is safe. Make room, then try again.", shell);
                return ExitCode.Error;
            case IOException or UnauthorizedAccessException:
                Say($"A file could not be used: {failure.Message}", shell);
                return ExitCode.Error;
            case HttpRequestException:
                Say($"The server could not be reached: {failure.Message}", shell);
                return ExitCode.Unreachable;
            default:
                // Ours: the type is enough to find it, and the text might hold what nobody should see.
                Say($"This is a defect of kavalek ({failure.GetType().Name} in {failure.TargetSite?.DeclaringType?.FullName ?? "an unknown place"}). "
                    + "What was stored before is safe. Please report it.", shell);
                return ExitCode.Error;
        }
    }

    static string Explain(KavalekException failure)
    {
        string text = failure.Message;
        if (failure is { Code: ClientErrors.Offline, NothingChanged: true })
            text += " Nothing was changed.";
        if (!failure.NothingChanged)
            text += " It is not certain whether the server did it; look before you try again.";
        return text;
    }

    static void Say(string text, Shell shell) => shell.Warn(text);
}
