using System.Diagnostics;
using System.Text;

namespace Kavalek.Cli.Input;

/// <summary>
/// Where the password comes from: a file, the environment, or the person at the terminal. Never the command line, which every user of the
/// computer can read.
/// </summary>
sealed class PasswordSource(string? file, Shell shell)
{
    /// <summary>The variable that may hold the password. Processes of the same user can read it; a file with mode 0600 is better.</summary>
    public const string Variable = "KAVALEK_PASSWORD";

    /// <summary>Characters of the shortest password an account may have (docs/PROTOCOL.md §4).</summary>
    public const int MinimumCharacters = 10;

    const int MaximumFileBytes = 4096;

    /// <summary>The password of an existing account.</summary>
    /// <exception cref="CliException">There is nowhere to read it from.</exception>
    public string Read(string prompt = "Password: ", CancellationToken cancel = default) => FromSettings() ?? Ask(prompt, cancel);

    /// <summary>A password that neither file nor variable can hold, because it is another one than theirs.</summary>
    /// <exception cref="CliException">There is nowhere to read it from.</exception>
    public string AskAlways(string prompt, CancellationToken cancel = default) => Ask(prompt, cancel);

    /// <summary>A new password: long enough, and typed twice.</summary>
    /// <exception cref="CliException">It is too short, the two differ, or there is nowhere to read it from.</exception>
    public string ReadNew(CancellationToken cancel = default)
    {
        if (FromSettings() is string set)
            return Checked(set);
        shell.Error.WriteLine($"Choose a password of at least {MinimumCharacters} characters. Nobody can restore it for you, not even the server's owner.");
        return AskNew(cancel);
    }

    /// <summary>The password that an account is to have from now on: from the file that was named for it, else typed twice. Never the variable, which holds the present one.</summary>
    /// <exception cref="CliException">It is too short, or there is nowhere to read it from.</exception>
    public string ReadChanged(bool fromFile, CancellationToken cancel = default)
    {
        if (fromFile)
            return Checked(FromFile(file!));
        shell.Error.WriteLine($"Choose a new password of at least {MinimumCharacters} characters.");
        return AskNew(cancel);
    }

    // A slip of the fingers is no reason to begin all over.
    string AskNew(CancellationToken cancel)
    {
        while (true)
        {
            string first = Ask("New password: ", cancel);
            if (!IsLongEnough(first))
                shell.Error.WriteLine($"It needs at least {MinimumCharacters} characters; a few random words are good. Try again.");
            else if (string.Equals(first, Ask("The same again: ", cancel), StringComparison.Ordinal))
                return first;
            else
                shell.Error.WriteLine("The two differ. Try again.");
        }
    }

    static bool IsLongEnough(string password) => new System.Globalization.StringInfo(password).LengthInTextElements >= MinimumCharacters;

    static string Checked(string password) => IsLongEnough(password)
        ? password
        : throw new CliException(ExitCode.Usage, $"The password is too short: it needs at least {MinimumCharacters} characters. Nothing was made; try again.");

    string? FromSettings()
    {
        if (file is not null)
            return FromFile(file);
        string? variable = Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrEmpty(variable) ? null : variable;
    }

    string FromFile(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && File.Exists(path)
                && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0 && !path.StartsWith("/dev/", StringComparison.Ordinal))
            {
                shell.Warn($"other users of this computer may read {path}; close it with: chmod 600 {path}");
            }
            using FileStream stream = File.OpenRead(path);
            byte[] buffer = new byte[MaximumFileBytes + 1];
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaximumFileBytes)
                throw new CliException(ExitCode.Usage, $"The password file {path} is larger than {MaximumFileBytes} bytes; it should hold the password alone.");
            string password = new UTF8Encoding(false, true).GetString(buffer, 0, length).TrimEnd('\n').TrimEnd('\r');
            if (password.Length == 0)
                throw new CliException(ExitCode.Usage, $"The password file {path} is empty.");
            if (password.Contains('\n', StringComparison.Ordinal))
                throw new CliException(ExitCode.Usage, $"The password file {path} has more than one line; it should hold the password alone.");
            return password;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, $"The password file cannot be read: {e.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw new CliException(ExitCode.Usage, $"The password file {path} is not UTF-8 text.");
        }
    }

    string Ask(string prompt, CancellationToken cancel)
    {
        string? answer = Console.IsInputRedirected ? AskControllingTerminal(prompt) : AskKeys(prompt, cancel);
        return answer ?? throw new CliException(ExitCode.Usage,
            $"The password is needed and there is no terminal to ask at. Give it with --password-file FILE, or in the environment as {Variable}.");
    }

    string AskKeys(string prompt, CancellationToken cancel)
    {
        shell.Error.Write(prompt);
        shell.Error.Flush();
        bool before = Console.TreatControlCAsInput;
        Console.TreatControlCAsInput = true;
        var typed = new LineEditor();
        try
        {
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
                if (control && key.Key is ConsoleKey.C or ConsoleKey.D || cancel.IsCancellationRequested)
                    throw new OperationCanceledException(cancel);
                if (key.Key == ConsoleKey.Enter)
                    return typed.Text;
                if (key.Key == ConsoleKey.Backspace)
                    typed.Backspace();
                else if (control && key.Key == ConsoleKey.U)
                    typed.DeleteToStart();
                else if (key.KeyChar >= ' ')
                    typed.Insert(key.KeyChar.ToString());
            }
        }
        finally
        {
            Console.TreatControlCAsInput = before;
            shell.Error.WriteLine();
        }
    }

    /// <summary>Standard input is a pipe (a message, say), yet a person sits at the terminal: ask there, with its echo off.</summary>
    static string? AskControllingTerminal(string prompt)
    {
        if (OperatingSystem.IsWindows())
            return null;
        try
        {
            using var terminal = new FileStream("/dev/tty", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            terminal.Write(Encoding.UTF8.GetBytes(prompt));
            if (!Stty("-echo"))
                return null;
            try
            {
                return ReadLine(terminal);
            }
            finally
            {
                Stty("echo");
                terminal.Write("\n"u8);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;    // no controlling terminal
        }
    }

    static string ReadLine(FileStream terminal)
    {
        var bytes = new List<byte>();
        while (terminal.ReadByte() is int next and >= 0 && next != '\n')
            bytes.Add((byte)next);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    static bool Stty(string setting)
    {
        try
        {
            using var stty = Process.Start(new ProcessStartInfo("stty", ["-F", "/dev/tty", setting]) { RedirectStandardError = true });
            stty?.WaitForExit();
            return stty?.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
