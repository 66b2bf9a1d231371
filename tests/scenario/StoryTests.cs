using Kavalek.Client;

namespace Kavalek.Scenario.Tests;

/// <summary>What people do with Kavalek, through a real server process, over real sockets, with profiles on disk.</summary>
public sealed class StoryTests : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("kavalek-story-").FullName;
    ServerProcess _server = null!;
    Person _marie = null!, _jean = null!, _leila = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        _marie = new Person("marie", _folder, _server.Origin) { DisplayName = "Marie Lefèvre" };
        _jean = new Person("jean", _folder, _server.Origin) { DisplayName = "Jean" };
        _leila = new Person("leila", _folder, _server.Origin) { DisplayName = "ليلى" };
        await _marie.SignUpAsync(_server.SetupSecret);
        foreach (Person person in (Person[])[_jean, _leila])
        {
            Invite invite = await _marie.Client.CreateInviteAsync(1, TimeSpan.FromHours(1), Cancel);
            await person.SignUpAsync(invite.Link[(invite.Link.IndexOf("#invite=", StringComparison.Ordinal) + 8)..]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Person person in (Person[])[_marie, _jean, _leila])
        {
            await person.DisposeAsync();
        }
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Three_people_talk_in_pairs_and_as_a_group_in_any_script_and_at_any_length()
    {
        string[] texts =
        [
            "Bonjour, ça va ? Voilà l’été, à bientôt !",
            "مرحبا، كيف حالك؟ أراكِ غدًا",
            "👩🏽‍🚒🏳️‍🌈 emoji with joiners, e\u0301 uncomposed, \u202Bdirection\u202C, a\0b",
            new string('é', 30_000),
        ];
        Conversation direct = await _marie.TalkToAsync(_jean);
        foreach (string text in texts)
        {
            await direct.SendAsync(text, cancel: Cancel);
        }
        await SyncAllAsync();
        Assert.Equal(texts, await _jean.TextsAsync(direct));
        Assert.Equal(texts, await _marie.TextsAsync(direct));

        Conversation group = await _marie.Client.CreateGroupAsync("La rédaction", [_jean.Client.Me.Id, _leila.Client.Me.Id], Cancel);
        await SyncAllAsync();
        foreach (Person person in (Person[])[_jean, _leila])
        {
            Conversation theirs = person.Client.Conversation(group.Id)!;
            Assert.Equal("La rédaction", theirs.Title);
            if (theirs.State == ConversationState.Request)
            {
                await theirs.AcceptAsync(Cancel);
            }
        }
        List<string> said = [];
        foreach (Person person in (Person[])[_leila, _marie, _jean])
        {
            foreach (string text in texts)
            {
                await person.Client.Conversation(group.Id)!.SendAsync($"{person.Handle}: {text}", cancel: Cancel);
                said.Add($"{person.Handle}: {text}");
            }
            await SyncAllAsync();
        }
        foreach (Person person in (Person[])[_marie, _jean, _leila])
        {
            Assert.Equal(said, await person.TextsAsync(group));
            Assert.Equal(3, person.Client.Conversation(group.Id)!.Members.Count);
        }
        Assert.Equal("ليلى", _marie.Client.Contact(_leila.Client.Me.Id)!.DisplayName);
        Assert.Equal(
            _marie.Client.Contact(_jean.Client.Me.Id)!.SafetyNumber.Digits,
            _jean.Client.Contact(_marie.Client.Me.Id)!.SafetyNumber.Digits);
    }

    [Fact]
    public async Task Who_was_away_for_a_thousand_messages_has_them_all_in_order()
    {
        Conversation group = await GroupAsync();
        await _leila.GoAsync();
        string[] said = [.. Enumerable.Range(0, 1_000).Select(i => $"message {i}")];
        for (int i = 0; i < said.Length; i++)
        {
            Person person = i % 2 == 0 ? _marie : _jean;
            await person.Client.Conversation(group.Id)!.SendAsync(said[i], cancel: Cancel);
            await person.Client.SyncAsync(Cancel);
        }
        await _leila.ComeBackAsync();
        await _leila.Client.SyncAsync(Cancel);
        Assert.Equal(said, await _leila.TextsAsync(group));
        Assert.Equal(1_000, _leila.Client.Conversation(group.Id)!.Unread);
    }

    [Fact]
    public async Task Who_was_removed_reads_nothing_afterwards()
    {
        Conversation group = await GroupAsync();
        await group.SendAsync("before", cancel: Cancel);
        await SyncAllAsync();
        await group.RemoveAsync(_jean.Client.Me.Id, Cancel);
        await group.SendAsync("after", cancel: Cancel);
        await SyncAllAsync();

        Assert.Equal(["before"], await _jean.TextsAsync(group));
        Assert.Equal(ConversationState.Removed, _jean.Client.Conversation(group.Id)!.State);
        await Assert.ThrowsAsync<KavalekException>(() => _jean.Client.Conversation(group.Id)!.SendAsync("still here?", cancel: Cancel));
        Assert.Equal(["before", "after"], await _leila.TextsAsync(group));
        Assert.Equal(2, group.Members.Count);
    }

    [Fact]
    public async Task Killed_under_load_the_server_loses_and_doubles_nothing()
    {
        Conversation group = await GroupAsync();
        Person[] people = [_marie, _jean, _leila];
        foreach (Person person in people)
        {
            await person.Client.StartAsync(Cancel);
        }
        const int each = 150;
        Task[] talking = [.. people.Select(person => Task.Run(async () =>
        {
            for (int i = 0; i < each; i++)
            {
                await person.Client.Conversation(group.Id)!.SendAsync($"{person.Handle} {i}", cancel: Cancel);
            }
        }, Cancel))];
        for (int kill = 0; kill < 5; kill++)
        {
            int before = (await _marie.TextsAsync(group)).Count;
            await UntilAsync(_marie, async () => (await _marie.TextsAsync(group)).Count >= Math.Min(before + 25, people.Length * each - 10));
            await _server.KillAsync();
            await _server.StartAsync();
        }
        await Task.WhenAll(talking);
        foreach (Person person in people)
        {
            await UntilAsync(person, async () => (await person.TextsAsync(group)).Count >= people.Length * each
                && (await person.Client.Conversation(group.Id)!.MessagesAsync(int.MaxValue, cancel: Cancel)).All(m => m.State != MessageState.Queued));
        }
        IReadOnlyList<string> seen = await _marie.TextsAsync(group);
        Assert.Equal(people.Length * each, seen.Distinct().Count());
        foreach (Person person in people)
        {
            Assert.Equal(seen, await person.TextsAsync(group));
            Assert.Equal(Enumerable.Range(0, each).Select(i => $"{person.Handle} {i}"), seen.Where(t => t.StartsWith(person.Handle, StringComparison.Ordinal)));
        }
    }

    async Task<Conversation> GroupAsync()
    {
        Conversation group = await _marie.Client.CreateGroupAsync("Groupe", [_jean.Client.Me.Id, _leila.Client.Me.Id], Cancel);
        await SyncAllAsync();
        foreach (Person person in (Person[])[_jean, _leila])
        {
            Conversation theirs = person.Client.Conversation(group.Id)!;
            if (theirs.State == ConversationState.Request)
            {
                await theirs.AcceptAsync(Cancel);
            }
        }
        await SyncAllAsync();
        return group;
    }

    /// <summary>Twice round, so that what one sends because of another's message arrives too.</summary>
    async Task SyncAllAsync()
    {
        for (int round = 0; round < 2; round++)
        {
            foreach (Person person in (Person[])[_marie, _jean, _leila])
            {
                await person.Client.SyncAsync(Cancel);
            }
        }
    }

    /// <summary>Waits for a condition that only the person's own events can bring about.</summary>
    static async Task UntilAsync(Person person, Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        IAsyncEnumerable<ClientEvent> events = person.Client.Events(limit.Token);
        if (await condition())
        {
            return;
        }
        await foreach (ClientEvent _ in events)
        {
            if (await condition())
            {
                return;
            }
        }
    }
}
