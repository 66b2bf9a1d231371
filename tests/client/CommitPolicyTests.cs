using Kavalek.Mls;
using Kavalek.Protocol;

namespace Kavalek.Client.Tests;

/// <summary>The table of docs/PROTOCOL.md §7.2: each row allowed and refused (K-23, K-46).</summary>
public static class CommitPolicyTests
{
    static readonly Id Owner = Id.New(), Admin = Id.New(), OtherAdmin = Id.New(), Anna = Id.New(), Bob = Id.New(), Stranger = Id.New();

    [Fact]
    public static void Everyone_renews_its_own_leaf_and_nobody_else_s()
    {
        Scene scene = new();
        Allowed(scene.By(Anna) with { Renewed = [Renew(scene.Of(Anna))] });
        Refused("somebody else's leaf", scene.By(Owner) with { Renewed = [Renew(scene.Of(Anna))] });
    }

    [Fact]
    public static void A_renewed_leaf_stays_the_same_device_of_the_same_account_with_no_older_certificate()
    {
        Scene scene = new();
        MemberDevice anna = scene.Of(Anna);
        Allowed(scene.By(Anna) with { Renewed = [new(anna, anna with { Created = anna.Created + 1 })] });
        Refused("older certificate", scene.By(Anna) with { Renewed = [new(anna, anna with { Created = anna.Created - 1 })] });
        Refused("another device", scene.By(Anna) with { Renewed = [new(anna, anna with { Device = Id.New() })] });
        Refused("another device", scene.By(Anna) with { Renewed = [new(anna, anna with { DeviceKey = Key() })] });
        Refused("another device", scene.By(Anna) with { Renewed = [new(anna, anna with { Account = Bob })] });
    }

    [Fact]
    public static void A_device_takes_its_account_over_to_another_key_if_no_other_device_of_it_stays_under_the_old_one()
    {
        foreach (Scene scene in (Scene[])[new(), Scene.Direct()])
        {
            MemberDevice anna = scene.Of(Anna), second = anna with { Leaf = new(20), Device = Id.New() };
            CommitFacts over = scene.By(Anna) with { Renewed = [new(anna, anna with { AccountKey = Key() })] };
            Allowed(over);
            CommitFacts two = over with { Before = [.. over.Before, second] };
            Refused("one account under two keys", two);
            Allowed(two with { Removed = [new(second, null)] });
            // Under the old key nobody comes in with it, and nobody under the new one: the old one is all that the group knows.
            Refused("one account under two keys", over with { Added = [second] });
            Refused("another key", over with { Added = [second with { AccountKey = over.Renewed[0].After.AccountKey }] });
            Refused("somebody else's leaf", over with { Committer = scene.Of(Bob) });
        }
    }

    [Fact]
    public static void Everyone_adds_a_device_of_an_account_in_the_group_certified_by_the_same_key()
    {
        Scene scene = new();
        MemberDevice second = scene.Of(Bob) with { Leaf = new(20), Device = Id.New() };
        Allowed(scene.By(Anna) with { Added = [second] });
        Refused("another key", scene.By(Anna) with { Added = [second with { AccountKey = Key() }] });
        Refused("one device at two leaves", scene.By(Anna) with { Added = [second with { Device = scene.Of(Bob).Device }] });
        // Not under another account's name either: streams and contents know devices by their id alone.
        Refused("one device at two leaves", scene.By(Admin) with { Added = [Device(20, Stranger) with { Device = scene.Of(Bob).Device }] });
    }

    [Fact]
    public static void Everyone_takes_a_device_out_and_in_again_but_only_as_the_device_it_was()
    {
        foreach (Scene scene in (Scene[])[new(), Scene.Direct()])
        {
            MemberDevice bob = scene.Of(Bob), back = bob with { Leaf = new(20), Created = bob.Created + 1 };
            CommitFacts again = scene.By(Anna) with { Removed = [new(bob, null)], Added = [back] };
            Allowed(again);
            Refused("", again with { Added = [back with { AccountKey = Key() }] });
            Refused("", again with { Added = [back with { Device = Id.New() }] });
            // Under its id with a key of somebody else's: whoever has a removed device can certify that.
            Refused("", again with { Added = [back with { DeviceKey = Key() }] });
            Refused("", again with { Added = [back with { Created = bob.Created - 1 }] });
            Refused("", again with { Added = [back with { Account = Stranger }] });
            // Who asked to leave is not brought back.
            Refused("", again with { Removed = [new(bob, Bob)] });
        }
        // Its role is nobody's to take on the way.
        Scene group = new();
        MemberDevice owner = group.Of(Owner);
        CommitFacts returned = group.By(Anna) with { Removed = [new(owner, null)], Added = [owner with { Leaf = new(20) }] };
        Allowed(returned);
        Refused("roles", returned with { ExtensionsAfter = CommitPolicy.Write(group.Extension.Without([Owner])) });
    }

    [Fact]
    public static void Only_admins_and_owners_add_accounts()
    {
        Scene scene = new();
        MemberDevice added = Device(20, Stranger);
        Allowed(scene.By(Admin) with { Added = [added] });
        Allowed(scene.By(Owner) with { Added = [added] });
        Refused("addition without the right", scene.By(Anna) with { Added = [added] });
    }

    [Fact]
    public static void An_account_that_goes_with_the_same_commit_is_not_in_the_group()
    {
        Scene scene = new();
        MemberDevice back = Device(20, Bob);
        RemovedDevice left = new(scene.Of(Bob), Bob);
        Refused("addition without the right", scene.By(Anna) with { Removed = [left], Added = [back] });
        Allowed(scene.By(Admin) with { Removed = [new(scene.Of(Bob), null)], Added = [back] });
    }

    [Fact]
    public static void A_new_account_comes_with_one_key()
    {
        Scene scene = new();
        Refused("two keys", scene.By(Owner) with { Added = [Device(20, Stranger), Device(21, Stranger)] });
    }

    [Fact]
    public static void Nobody_is_added_to_a_direct_conversation_but_by_its_first_commit()
    {
        Scene scene = Scene.Direct();
        Refused("added to a direct conversation", scene.By(Anna) with { Added = [Device(20, Stranger)] });
        Allowed(scene.By(Anna) with { Added = [scene.Of(Bob) with { Leaf = new(20), Device = Id.New() }] });
        CommitFacts first = scene.By(Anna) with { Epoch = 0, Before = [scene.Of(Anna)], Added = [scene.Of(Bob)] };
        Allowed(first);
        Refused("more than two", first with { Added = [scene.Of(Bob), Device(20, Stranger)] });
        // Not even where one of the two is alone.
        Refused("added to a direct conversation", scene.By(Anna) with { Before = [scene.Of(Anna)], Added = [Device(20, Stranger)] });
    }

    [Fact]
    public static void Everyone_removes_devices_of_its_own_account()
    {
        Scene scene = new();
        MemberDevice second = scene.Of(Anna) with { Leaf = new(20), Device = Id.New() };
        CommitFacts facts = scene.By(Anna) with { Before = [.. scene.Members, second], Removed = [new(second, null)] };
        Allowed(facts);
        Refused("some devices of another account", facts with { Committer = scene.Of(Bob) });
        Refused("some devices of another account", facts with { Committer = scene.Of(Owner) });
    }

    [Fact]
    public static void An_admin_removes_members_and_an_owner_removes_anyone_with_all_devices()
    {
        Scene scene = new();
        MemberDevice second = scene.Of(Anna) with { Leaf = new(20), Device = Id.New() };
        CommitFacts both = scene.By(Admin) with { Before = [.. scene.Members, second], Removed = [new(scene.Of(Anna), null), new(second, null)] };
        Allowed(both);
        Refused("some devices of another account", both with { Removed = [new(second, null)] });
        Refused("removal without the right", both with { Committer = scene.Of(Bob) });

        Refused("removal without the right", scene.Removing(Admin, OtherAdmin));
        Refused("removal without the right", scene.Removing(Admin, Owner));
        Allowed(scene.Removing(Owner, OtherAdmin));
    }

    [Fact]
    public static void Nobody_removes_the_other_from_a_direct_conversation()
    {
        Scene scene = Scene.Direct();
        Refused("direct conversation", scene.By(Anna) with { Removed = [new(scene.Of(Bob), null)] });
    }

    [Fact]
    public static void Everyone_commits_the_leaving_of_others_and_nobody_a_removal_that_others_proposed()
    {
        Scene scene = new();
        Allowed(scene.By(Anna) with { Removed = [new(scene.Of(Bob), Bob)] });
        Allowed(Scene.Direct() is var direct ? direct.By(Anna) with { Removed = [new(direct.Of(Bob), Bob)] } : null!);
        Refused("proposed by somebody else", scene.By(Anna) with { Removed = [new(scene.Of(Bob), Admin)] });
        Refused("proposed by somebody else", scene.By(Owner) with { Removed = [new(scene.Of(Bob), Anna)] });
    }

    [Fact]
    public static void Whoever_commits_the_leaving_of_an_admin_takes_its_role_out_and_changes_no_other()
    {
        Scene scene = new();
        RemovedDevice left = new(scene.Of(OtherAdmin), OtherAdmin);
        CommitFacts facts = scene.By(Anna) with { Removed = [left] };
        Refused("not in the group", facts);
        Allowed(facts with { ExtensionsAfter = CommitPolicy.Write(scene.Extension.Without([OtherAdmin])) });
        Refused("roles changed", facts with { ExtensionsAfter = CommitPolicy.Write(scene.Extension.Without([OtherAdmin, Admin])) });
        Refused("roles changed", facts with { ExtensionsAfter = CommitPolicy.Write(scene.Extension.Without([OtherAdmin]).WithRole(Anna, Role.Admin)) });
    }

    [Fact]
    public static void Only_admins_and_owners_set_the_title()
    {
        Scene scene = new();
        Allowed(scene.Agreeing(Admin, scene.Extension.WithTitle("Réunion")));
        Allowed(scene.Agreeing(Owner, scene.Extension.WithTitle("Réunion")));
        Refused("renamed without the right", scene.Agreeing(Anna, scene.Extension.WithTitle("Réunion")));
    }

    [Fact]
    public static void Only_owners_set_roles_and_one_owner_stays()
    {
        Scene scene = new();
        Allowed(scene.Agreeing(Owner, scene.Extension.WithRole(Anna, Role.Admin)));
        Allowed(scene.Agreeing(Owner, scene.Extension.WithRole(Anna, Role.Owner).WithRole(Owner, Role.Member)));
        Refused("roles changed", scene.Agreeing(Admin, scene.Extension.WithRole(Anna, Role.Admin)));
        Refused("roles changed", scene.Agreeing(Admin, scene.Extension.WithRole(Admin, Role.Owner)));
        Refused("roles changed", scene.Agreeing(Anna, scene.Extension.WithRole(Anna, Role.Owner)));
        Refused("without an owner", scene.Agreeing(Owner, scene.Extension.WithRole(Owner, Role.Member)));
        Refused("not in the group", scene.Agreeing(Owner, scene.Extension.WithRole(Stranger, Role.Admin)));
    }

    [Fact]
    public static void The_last_owner_cannot_be_removed_by_its_own_leaving_either()
    {
        Scene scene = new();
        Refused("without an owner", scene.By(Anna) with
        {
            Removed = [new(scene.Of(Owner), Owner)],
            ExtensionsAfter = CommitPolicy.Write(scene.Extension.Without([Owner])),
        });
    }

    [Fact]
    public static void Nobody_changes_kind_age_required_capabilities_or_brings_other_extensions()
    {
        Scene scene = new();
        ConversationExtension is_ = scene.Extension;
        Refused("kind or age", scene.Agreeing(Owner, new() { Kind = is_.Kind, Created = is_.Created + 1, Title = is_.Title, Roles = is_.Roles }));
        Refused("kind or age", scene.Agreeing(Owner, new() { Kind = ConversationKind.Direct, Created = is_.Created }));
        IReadOnlyList<Extension> good = CommitPolicy.Write(is_);
        Refused("foreign extension", scene.By(Owner) with { ExtensionsAfter = [.. good, new Extension(Extension.ExternalSenders, [0])] });
        Refused("required capabilities", scene.By(Owner) with { ExtensionsAfter = [good[1]] });
        Refused("required capabilities", scene.By(Owner) with { ExtensionsAfter = [new Extension(Extension.RequiredCapabilities, [0, 0, 0]), good[1]] });
        Refused("no conversation extension", scene.By(Owner) with { ExtensionsAfter = [good[0]] });
        Refused("version", scene.By(Owner) with { ExtensionsAfter = [good[0], new Extension(ConversationExtension.Type, [0, 2])] });
    }

    [Fact]
    public static void Nobody_joins_from_outside_mixes_keys_in_or_begins_the_group_anew()
    {
        Scene scene = new();
        Refused("no use for", scene.By(Owner) with { IsForeign = true });
    }

    static RenewedDevice Renew(MemberDevice device) => new(device, device);

    static void Allowed(CommitFacts facts) => Assert.Null(CommitPolicy.Breach(facts));

    static void Refused(string why, CommitFacts facts) => Assert.Contains(why, CommitPolicy.Breach(facts), StringComparison.Ordinal);

    static byte[] Key() => [4, .. Id.New().ToArray()];

    static MemberDevice Device(uint leaf, Id account) => new(new LeafIndex(leaf), account, Key(), Id.New(), Key(), 1_700_000_000);

    /// <summary>A group of an owner, two admins and two members; or Anna and Bob alone.</summary>
    sealed class Scene
    {
        public List<MemberDevice> Members { get; } = [.. new[] { Owner, Admin, OtherAdmin, Anna, Bob }.Select((account, leaf) => Device((uint)leaf, account))];

        public ConversationExtension Extension { get; private init; } = new()
        {
            Kind = ConversationKind.Group,
            Created = 1_700_000_000,
            Title = "Rédaction",
            Roles = new Dictionary<Id, Role> { [Owner] = Role.Owner, [Admin] = Role.Admin, [OtherAdmin] = Role.Admin },
        };

        public static Scene Direct()
        {
            Scene scene = new() { Extension = new() { Kind = ConversationKind.Direct, Created = 1_700_000_000 } };
            scene.Members.RemoveAll(device => device.Account != Anna && device.Account != Bob);
            return scene;
        }

        public MemberDevice Of(Id account) => Members.First(device => device.Account == account);

        public CommitFacts By(Id committer) => new()
        {
            Epoch = 7,
            Committer = Of(committer),
            Before = Members,
            ExtensionsBefore = CommitPolicy.Write(Extension),
            ExtensionsAfter = CommitPolicy.Write(Extension),
        };

        public CommitFacts Removing(Id committer, Id removed) => By(committer) with
        {
            Removed = [new(Of(removed), null)],
            ExtensionsAfter = CommitPolicy.Write(Extension.Without([removed])),
        };

        public CommitFacts Agreeing(Id committer, ConversationExtension after) => By(committer) with { ExtensionsAfter = CommitPolicy.Write(after) };
    }
}
