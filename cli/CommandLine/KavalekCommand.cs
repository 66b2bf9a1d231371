using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Kavalek.Cli.Commands;

namespace Kavalek.Cli.CommandLine;

/// <summary>The whole command line.</summary>
static class KavalekCommand
{
    /// <summary>How long a command may take to save and close after Ctrl-C or SIGTERM.</summary>
    static readonly TimeSpan TimeToClose = TimeSpan.FromSeconds(10);

    /// <summary>A word that begins with @ is a person here, not the name of a file with more arguments.</summary>
    static readonly ParserConfiguration Grammar = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line and gives its exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        Shell shell = Shell.OfProcess();
        RootCommand root = Create(shell);
        ParseResult parsed = root.Parse(arguments, Grammar);
        if (parsed.Action is ParseErrorAction)
            return Misunderstanding.Explain(parsed, shell);
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToClose });
    }

    static RootCommand Create(Shell shell)
    {
        var global = new GlobalOptions();
        var with = new Commands(global, shell);
        var root = new RootCommand("Kavalek: end-to-end encrypted conversations in a terminal, and the base of bots.");
        foreach (Option option in global.All)
            root.Options.Add(option);
        foreach (Command command in (Command[])
        [
            SignUpCommand.Create(with), LogInCommand.Create(with), LockCommand.Create(with), LogOutCommand.Create(with), WhoAmICommand.Create(with),
            ConversationsCommand.Create(with), ChatCommand.Create(with), SendCommand.Create(with), ActCommands.React(with), ActCommands.Edit(with), ActCommands.Delete(with), ReportCommand.Create(with), FilesCommand.Create(with), FilesCommand.Save(with), HistoryCommand.Create(with), SearchCommand.Create(with), TimerCommand.Create(with), ReceiptsCommand.Create(with), NoteCommands.Pin(with), NoteCommands.Archive(with), NoteCommands.Mute(with), NoteCommands.Unread(with), ListenCommand.Create(with),
            RequestsCommand.Create(with), ContactsCommand.Create(with), VerifyCommand.Create(with), AcceptKeyCommand.Create(with),
            BlockCommand.Create(with, blocked: true), BlockCommand.Create(with, blocked: false),
            GroupsCommand.Create(with), AfreshCommand.Create(with), AfreshCommand.GoOn(with), DevicesCommand.Create(with), RecoveryCommand.Create(with), PasswordCommand.Create(with), AccountCommand.Create(with), InvitesCommand.Create(with), AdminCommand.Create(with), AuditCommand.Create(with), ProfileCommand.Create(with),
            VerifyWebCommand.Create(with),
        ])
        {
            root.Subcommands.Add(command);
        }
        root.Subcommands.Add(Help(root));
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        // Whoever types 'kavalek' alone wants to know what there is.
        root.SetAction(_ => root.Parse(["--help"], Grammar).Invoke());
        return root;
    }

    static Verb Help(RootCommand root)
    {
        var words = new Argument<string[]>("command") { Description = "The command to explain.", Arity = ArgumentArity.ZeroOrMore };
        var help = new Verb("help", "Explain kavalek, or one of its commands.") { Examples = [new("kavalek help chat")] };
        help.Arguments.Add(words);
        help.SetAction(parsed => root.Parse([.. parsed.GetValue(words) ?? [], "--help"], Grammar).Invoke());
        return help;
    }
}
